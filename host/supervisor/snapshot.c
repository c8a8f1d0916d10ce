#include "snapshot.h"

uint32_t stage_busy_percent(const struct stage_snapshot *s)
{
    uint64_t all = s->busy_ns + s->wait_input_ns + s->wait_output_ns + s->wait_memory_ns + s->ended_ns;
    return all ? (uint32_t)((s->busy_ns * 100 + all / 2) / all) : 0;
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
    return found;
}
