#include "statistics.h"

#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

void sample_add(struct sample *s, double value)
{
    if (s->n < RUNS_MAX)
        s->values[s->n++] = value;
}

struct spread sample_spread(const struct sample *s)
{
    double sorted[RUNS_MAX];
    memcpy(sorted, s->values, sizeof sorted);
    qsort(sorted, s->n, sizeof *sorted, compare);
    double median = s->n % 2 ? sorted[s->n / 2] : (sorted[s->n / 2 - 1] + sorted[s->n / 2]) / 2;
    return (struct spread){sorted[0], median, sorted[s->n - 1]};
}
