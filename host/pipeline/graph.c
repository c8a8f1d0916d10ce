#include "graph.h"

#include <stddef.h>

/* A set of stages is a word. */
_Static_assert(PIPELINE_STAGES_MAX <= 64, "a set of stages fits a word");

static uint64_t bit(uint32_t stage)
{
    return UINT64_C(1) << stage;
}

static uint64_t all(uint32_t n)
{
    return n == 0 ? 0 : UINT64_MAX >> (64 - n);
}

/* The lowest stage of `of` that reads from no stage of `of`; n: there is none. */
static uint32_t first_free(uint32_t n, const struct edge *edges, uint32_t n_edges, const unsigned char *skip,
                           uint64_t of)
{
    uint64_t blocked = 0;
    for (uint32_t e = 0; e < n_edges; e++)
        if (!(skip && skip[e]) && of & bit(edges[e].from))
            blocked |= bit(edges[e].to);
    uint64_t free = of & ~blocked;
    return free ? (uint32_t)__builtin_ctzll(free) : n;
}

static uint32_t any_writer(uint32_t n, const struct edge *edges, uint32_t n_edges, const unsigned char *skip,
                           uint64_t of, uint32_t reader)
{
    for (uint32_t e = 0; e < n_edges; e++)
        if (!(skip && skip[e]) && edges[e].to == reader && of & bit(edges[e].from))
            return edges[e].from;
    return n;
}

uint32_t graph_cycle(uint32_t n, const struct edge *edges, uint32_t n_edges, const unsigned char *skip,
                     uint32_t cycle[PIPELINE_STAGES_MAX])
{
    uint64_t rest = all(n), seen = 0;
    uint32_t way[PIPELINE_STAGES_MAX] = {0}, place[PIPELINE_STAGES_MAX] = {0}; /* way[place[stage]] == stage */
    uint32_t length = 0, stage;
    while ((stage = first_free(n, edges, n_edges, skip, rest)) < n)
        rest &= ~bit(stage);
    if (!rest)
        return 0;
    /* All that is left reads from something that is left: going against the edges comes back to a stage seen before. */
    for (stage = (uint32_t)__builtin_ctzll(rest); !(seen & bit(stage));
         stage = any_writer(n, edges, n_edges, skip, rest, stage)) {
        seen |= bit(stage);
        place[stage] = length;
        way[length++] = stage;
    }
    uint32_t start = place[stage], count = length - start, lowest = 0;
    for (uint32_t i = 1; i < count; i++)
        if (way[start + i] < way[start + lowest])
            lowest = i;
    for (uint32_t i = 0; i < count; i++)
        cycle[i] = way[start + (lowest + count - i) % count];
    return count;
}

void graph_order(uint32_t n, const struct edge *edges, uint32_t n_edges, uint32_t order[PIPELINE_STAGES_MAX])
{
    uint64_t rest = all(n);
    for (uint32_t k = 0; k < n; k++) {
        uint32_t stage = first_free(n, edges, n_edges, NULL, rest);
        order[k] = stage;
        rest &= ~bit(stage);
    }
}

uint64_t graph_downstream(const struct edge *edges, uint32_t n_edges, uint32_t stage)
{
    uint64_t seen = 0, before;
    do {
        before = seen;
        for (uint32_t e = 0; e < n_edges; e++)
            if ((bit(stage) | seen) & bit(edges[e].from))
                seen |= bit(edges[e].to);
    } while (seen != before);
    return seen;
}

uint64_t graph_upstream(const struct edge *edges, uint32_t n_edges, uint32_t stage)
{
    uint64_t seen = 0, before;
    do {
        before = seen;
        for (uint32_t e = 0; e < n_edges; e++)
            if ((bit(stage) | seen) & bit(edges[e].to))
                seen |= bit(edges[e].from);
    } while (seen != before);
    return seen;
}

void graph_mark_copies(uint32_t n, struct edge *edges, uint32_t n_edges)
{
    uint64_t origins[PIPELINE_STAGES_MAX]; /* of a stage: itself and all that its blocks may come from */
    for (uint32_t stage = 0; stage < n; stage++)
        origins[stage] = bit(stage) | graph_upstream(edges, n_edges, stage);
    for (uint32_t e = 0; e < n_edges; e++) {
        edges[e].copy = 0;
        for (uint32_t f = 0; f < n_edges; f++)
            if (edges[f].to == edges[e].to && edges[f].from != edges[e].from &&
                origins[edges[e].from] & origins[edges[f].from])
                edges[e].copy = 1;
    }
}
