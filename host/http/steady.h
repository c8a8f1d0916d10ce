/* What keeps counters from going down. A stage's times are read while its workers go on, and are told to a millisecond:
 * read twice in a row, the second may be a hair less. Prometheus would take that for a restart. Pure. */
#ifndef STEADY_H
#define STEADY_H

#include <jansson.h>

#include "pipeline.h"

enum { STEADY_TIMES = 3 };

/* Zero is before the first status. */
struct steady {
    double told_s[PIPELINE_STAGES_MAX][STEADY_TIMES];
};

/* Raises the times of the status' stages to what was told before, where they are less. */
void steady_apply(struct steady *s, json_t *status);

#endif
