/* The processors of the pack "debug", for its table in pack.c. */
#ifndef DEBUG_H
#define DEBUG_H

#include <micropipe/micropipe.h>

extern const mpipe_processor debug_fail, debug_checksum, debug_work;

#endif
