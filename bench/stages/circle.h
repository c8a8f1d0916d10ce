/* Frames that two stages pass to each other, round and round: what forwarding costs, and nothing else.
 */
#ifndef CIRCLE_H
#define CIRCLE_H

#include <stdint.h>

/* Frames of `size` bytes, forwarded `times` times by each side in all: forwards a second, both sides taken together.
 * Negative: it could not be run, which is said on stderr. */
double circle_run(uint64_t size, uint64_t times);

#endif
