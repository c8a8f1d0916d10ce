/* Figures of repeated runs.
 */
#ifndef STATISTICS_H
#define STATISTICS_H

#include <stdint.h>

enum { RUNS_MAX = 64 };

struct sample {
    double values[RUNS_MAX];
    uint32_t n;
};

struct spread {
    double least, median, most;
};

void sample_add(struct sample *s, double value);

/* Of at least one value. */
struct spread sample_spread(const struct sample *s);

#endif
