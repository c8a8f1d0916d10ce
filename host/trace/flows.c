#include "flows.h"

int flows_meet(struct flows *f, const struct flow_end *end, struct flow_end *other)
{
    uint64_t mixed = end->place * UINT64_C(0x9e3779b97f4a7c15); /* places are close to one another, and to nothing */
    uint32_t at = (uint32_t)(mixed >> 32) % FLOWS_OPEN_MAX;
    struct flow_end *open = &f->open[at];
    if (f->used[at] && open->place == end->place && open->side != end->side) {
        *other = *open;
        f->used[at] = 0;
        return 1;
    }
    *open = *end; /* also over the same end, told again after a death */
    f->used[at] = 1;
    return 0;
}
