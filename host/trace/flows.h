/* Flows: which publication of a sampled frame belongs to which claim. The two are told by two workers, in either order,
 * and one of them may be lost: a flow is drawn once both are there. Host's own memory.
 */
#ifndef FLOWS_H
#define FLOWS_H

#include <stdint.h>

enum { FLOWS_OPEN_MAX = 4096 };

enum flow_side { FLOW_OUT, FLOW_IN };

/* One of the two. */
struct flow_end {
    uint64_t place; /* trace_place() of the frame, which both have */
    uint64_t at_ns;
    uint32_t slot;
    enum flow_side side;
};

struct flows {
    struct flow_end open[FLOWS_OPEN_MAX];
    uint8_t used[FLOWS_OPEN_MAX];
};

/* Takes one end. 1: the other one was there, and is in *other. One that waits for too long gives way. */
int flows_meet(struct flows *f, const struct flow_end *end, struct flow_end *other);

#endif
