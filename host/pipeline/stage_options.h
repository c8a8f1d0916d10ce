/* The options of a stage, checked against its processor's table, with defaults filled in. */
#ifndef STAGE_OPTIONS_H
#define STAGE_OPTIONS_H

#include "draft.h"

/* Fills in options of stage `index`, whose processor is known. What is wrong becomes complaints. */
void stage_options_check(struct draft *d, uint32_t index);

#endif
