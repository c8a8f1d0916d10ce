/* Tuning: what was seen of a run that looks for the numbers of its workers, when that will do, and how it is told.
 * Pure: no clock, no run.
 */
#ifndef TUNING_H
#define TUNING_H

#include <stdio.h>

#include "pipeline.h"
#include "scaler.h"
#include "snapshot.h"

enum { TUNING_TICK_MS = 500, TUNING_MARKS = 20 }; /* the rate is measured over ten seconds */

struct tuning {
    uint64_t from_ns, until_ns; /* of the look, monotonic */
    uint64_t decided_ns;
    uint32_t n_decisions;
    struct mark {
        uint64_t at_ns, frames; /* of the sources */
    } marks[TUNING_MARKS];
    uint32_t n_marks;
    struct snapshot seen; /* at the last look */
    double gain;          /* of another core, as of then */
    struct scaler_state then;
};

void tuning_begin(struct tuning *t, uint64_t now_ns, uint64_t seconds);

/* Every TUNING_TICK_MS. 1: it will do: nothing was decided for a while, or the time is over. */
int tuning_look(struct tuning *t, const struct pipeline *p, const struct snapshot *now, uint64_t now_ns);

/* The pipeline with the numbers that were found, where there was one to find. 0 or -ENOMEM. */
int tuning_print(const struct tuning *t, const struct pipeline *p, FILE *out);

#endif
