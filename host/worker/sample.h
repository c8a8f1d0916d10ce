/* Samples: one of the outputs of a transaction, copied for whoever taps the stage. Worker. */
#ifndef SAMPLE_H
#define SAMPLE_H

#include "tap.h"
#include "transaction.h"

/* Just before a commit: if a sample is wanted, and this worker is the first to see it, copies an output. 1: it has;
 * then sample_give() follows, after the commit. Never waits. */
int sample_take(const struct transaction *t);
void sample_give(const struct transaction *t);

/* The commit of a session, and of what lies between the calls of it: transaction_commit(), with the stage's tap. */
static inline void sample_commit(struct transaction *t, uint32_t settle)
{
    int taken = tap_is_wanted(&t->segment->stages[t->stage].tap) && sample_take(t);
    transaction_commit(t, settle);
    if (taken)
        sample_give(t);
}

#endif
