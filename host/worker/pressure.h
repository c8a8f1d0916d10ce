/* Pressure: a stage upstream waits for memory that nothing but kept frames occupies. Then a keeper is told to flush.
 *
 * A keeper looks when it is woken. So whoever stops, for memory, for room, for its turn or for input, says so in its
 * slot first, and then wakes the keepers downstream of it if anybody waits for memory: the last to stop is the one that
 * makes the difference.
 */
#ifndef PRESSURE_H
#define PRESSURE_H

#include "transaction.h"

/* True if a stage upstream waits for memory, and no stage upstream can go on without some. Keeper, its ring empty. */
int pressure_is_on(const struct transaction *t);

/* Wakes all stages downstream, to look. */
void pressure_wake_keepers(const struct transaction *t);

/* The same, if anybody waits for memory. Worker, that has said in its slot what it waits for and is about to sleep. */
void pressure_tell(const struct transaction *t);

#endif
