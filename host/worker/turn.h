/* Turns: an ordered stage publishes in the order of its claims.
 *
 * With memory in hand, and a sibling whose turn comes before ours waiting for memory, a turn could be waited for
 * without end: then the worker leaves, and its successor does the work again. Where memory is so short that this
 * happens again and again, that would be most of what the stage does. So after it has happened, workers take memory
 * only in their turn, for some claims: until then they can do what comes before their first frame.
 */
#ifndef TURN_H
#define TURN_H

#include "transaction.h"

/* Waits until all earlier claims of the stage are published. Worker of an ordered stage, with a claim. */
void turn_wait(struct transaction *t);

/* Before a worker that has no memory takes some: waits for its turn, if memory is short for that. */
void turn_before_memory(struct transaction *t);

/* True if memory is short for turns: what is left of it after a commit is for the next in line. */
int turn_is_short(const struct transaction *t);

#endif
