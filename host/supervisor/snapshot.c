#include "snapshot.h"

static uint32_t share(uint64_t part, const struct stage_snapshot *s)
{
    uint64_t all = s->busy_ns + s->wait_input_ns + s->wait_output_ns + s->wait_memory_ns + s->ended_ns;
    return all ? (uint32_t)((part * 100 + all / 2) / all) : 0;
}

uint32_t stage_busy_percent(const struct stage_snapshot *s)
{
    return share(s->busy_ns, s);
}

uint32_t stage_starved_percent(const struct stage_snapshot *s)
{
    return share(s->wait_input_ns, s);
}

enum { HALF = 50 };

/* A source that waits, and not for room downstream: for its files, its peer, or the rate that it was given. */
static int waiting_source(const struct snapshot *s)
{
    int found = -1;
    uint32_t most = HALF;
    for (uint32_t i = 0; i < s->n_stages; i++) {
        uint32_t waits = stage_starved_percent(&s->stages[i]);
        if (s->stages[i].is_source && waits >= most) {
            found = (int)i;
            most = waits;
        }
    }
    return found;
}

int snapshot_bottleneck(const struct snapshot *s)
{
    int found = -1;
    uint32_t most = 0;
    for (uint32_t i = 0; i < s->n_stages; i++) {
        uint32_t busy = stage_busy_percent(&s->stages[i]);
        /* Of two that are equally busy the later one: what waits for it piles up before it. */
        if (busy > 0 && busy + 3 >= most) {
            found = (int)i;
            most = busy > most ? busy : most;
        }
    }
    int source = most < HALF ? waiting_source(s) : -1;
    return source >= 0 ? source : found;
}
