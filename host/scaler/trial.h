/* A trial: what a changed number of workers did to its stage, looked at as soon as all have worked for a while. A
 * raised stage may have found its ceiling, and one that was lowered to its ceiling shows whether that was one.
 */
#ifndef TRIAL_H
#define TRIAL_H

#include "scaler.h"

/* How the stage worked so far; nothing, if too few frames say so. */
struct level trial_level(const struct scaler_memory *mem);

/* At each tick. */
void trial_follow(struct scaler *s, const struct observation *seen, uint64_t now_ns);

#endif
