/* What each stage reads from: its `inputs`, or the stage before, as edges in the order of the file. */
#ifndef INPUTS_H
#define INPUTS_H

#include "draft.h"

struct wiring {
    struct edge *edges;      /* stages numbered as in the file; `copy` unknown */
    struct position *places; /* of each edge: where to complain of it */
    uint32_t n;
};

/* Lives in the draft's region. 0, or -EINVAL after complaints: then edges are missing. */
int inputs_read(struct draft *d, struct wiring *out);

#endif
