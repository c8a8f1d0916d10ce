/* Storage: what it takes to go on through the breaks of the sources.
 *
 * In a break the stages go on with what was stored before it: frames in rings, and one in the hand of each worker that
 * waits for room. While there is input, the stages at the beginning have to make what all do in a whole cycle, and need
 * the cores for that. Where what rings hold does not last for the break, more workers than compute anything are of
 * use, as each holds one frame more.
 */
#ifndef STORAGE_H
#define STORAGE_H

#include "breaks.h"
#include "model.h"

/* Sets the boosts of the model, how much more than the mean rate each stage has to carry while there is input, and its
 * demand, what whole cycles can give. `workers`: those that there are. */
void storage_boost(const struct breaks *b, const struct scaler_stage *stages, const uint32_t *workers, struct model *m);

/* The workers that each stage is to have: those of the plan, whose caution it lowers where they would be in each
 * other's way, and those that store. */
void storage_plan(const struct breaks *b, const struct scaler_stage *stages, const struct model *m, struct plan *plan,
                  uint32_t *workers);

#endif
