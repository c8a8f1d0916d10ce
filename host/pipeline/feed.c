#include "feed.h"

#include <errno.h>
#include <string.h>

#include "graph.h"
#include "region.h"

enum { LEFT_OUT = UINT32_MAX };

struct part {
    uint32_t place[PIPELINE_STAGES_MAX]; /* in the part, of each stage of the whole; or LEFT_OUT */
    uint32_t n_stages, n_edges;
};

/* Sources come first, so the order of the rest, which is right, stays. */
static int choose(const struct pipeline *p, const struct feed *feeds, uint32_t n, struct part *part)
{
    uint64_t chosen = 0;
    for (uint32_t i = 0; i < n; i++)
        chosen |= UINT64_C(1) << feeds[i].stage | graph_downstream(p->edges, p->n_edges, feeds[i].stage);
    part->n_stages = part->n_edges = n;
    for (uint32_t i = 0; i < p->n_stages; i++)
        part->place[i] = chosen >> i & 1 ? part->n_stages++ : LEFT_OUT;
    for (uint32_t i = 0; i < p->n_edges; i++)
        part->n_edges += part->place[p->edges[i].from] != LEFT_OUT;
    return part->n_stages > PIPELINE_STAGES_MAX || part->n_edges > PIPELINE_EDGES_MAX ? -E2BIG : 0;
}

static void connect_part(const struct pipeline *p, const struct feed *feeds, uint32_t n, const struct part *part,
                         struct edge *edges)
{
    uint32_t at = 0;
    for (; at < n; at++)
        edges[at] = (struct edge){.from = at, .to = part->place[feeds[at].stage], .to_port = feeds[at].port};
    for (uint32_t i = 0; i < p->n_edges; i++) {
        const struct edge *e = &p->edges[i];
        if (part->place[e->from] == LEFT_OUT)
            continue;
        edges[at] = *e;
        edges[at].from = part->place[e->from];
        edges[at].to = part->place[e->to];
        edges[at++].copy = 0;
    }
}

int pipeline_feed(const struct pipeline *p, const struct feed *feeds, uint32_t n, struct pipeline **out)
{
    struct region *region;
    struct part part;
    if (choose(p, feeds, n, &part))
        return -E2BIG;
    struct pipeline *fed = pipeline_create(&region);
    *fed = *p;
    fed->n_stages = part.n_stages;
    fed->n_edges = part.n_edges;
    fed->stages = region_alloc(region, (size_t)part.n_stages * sizeof *fed->stages);
    fed->edges = region_alloc(region, (size_t)(part.n_edges + 1) * sizeof *fed->edges);
    for (uint32_t i = 0; i < n; i++)
        fed->stages[i] = *feeds[i].source;
    for (uint32_t i = 0; i < p->n_stages; i++)
        if (part.place[i] != LEFT_OUT)
            fed->stages[part.place[i]] = p->stages[i];
    connect_part(p, feeds, n, &part, fed->edges);
    graph_mark_copies(fed->n_stages, fed->edges, fed->n_edges);
    *out = fed;
    return 0;
}
