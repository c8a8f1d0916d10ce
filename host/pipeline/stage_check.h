/* The check of one stage by itself: its processor, its settings and its options. */
#ifndef STAGE_CHECK_H
#define STAGE_CHECK_H

#include "draft.h"

/* Fills in stage `index` of the draft's pipeline, which has its name already. `ordered`: the default of that setting.
 * What is wrong becomes complaints. */
void stage_check(struct draft *d, uint32_t index, int ordered);

#endif
