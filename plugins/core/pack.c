#include "core.h"

MPIPE_PLUGIN("core", "1.0.0", &core_generate, &core_take, &core_null, &core_batch, &core_unbatch)
