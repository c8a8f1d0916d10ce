#include "debug.h"

MPIPE_PLUGIN("debug", "1.0.0", &debug_fail, &debug_checksum, &debug_work)
