/* The roll forward: carries out what a transaction has decided: hands the outputs to the readers, publishes them,
 * writes dead letters, releases the inputs.
 *
 * Called by the worker that decided, and again, from the start, by each successor of one that died in it: every step
 * may have been done before, and doing it again changes nothing. The journal alone says what is left to do.
 */
#ifndef ROLL_FORWARD_H
#define ROLL_FORWARD_H

#include "transaction.h"

/* FRESH: this worker has just decided, nothing of it has been done. RESUMED: a predecessor may have begun. */
enum roll_forward_start { ROLL_FORWARD_FRESH, ROLL_FORWARD_RESUMED };

/* All of it but the last word: the caller closes the transaction in the journal. Waits for room in the readers' rings.
 */
void roll_forward(struct transaction *t, enum roll_forward_start start);

#endif
