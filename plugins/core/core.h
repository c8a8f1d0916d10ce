/* The processors of the pack "core", for its table in pack.c. */
#ifndef CORE_H
#define CORE_H

#include <micropipe/micropipe.h>

extern const mpipe_processor core_generate, core_take, core_null, core_batch, core_unbatch;

#endif
