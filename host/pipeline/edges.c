#include "edges.h"

#include <micropipe/option.h>

#include "graph.h"

static int is_read(const struct wiring *w, uint32_t stage, uint32_t port)
{
    for (uint32_t e = 0; e < w->n; e++)
        if (w->edges[e].from == stage && w->edges[e].from_port == port)
            return 1;
    return 0;
}

static int is_fed(const struct wiring *w, uint32_t stage, uint32_t port)
{
    for (uint32_t e = 0; e < w->n; e++)
        if (w->edges[e].to == stage && w->edges[e].to_port == port)
            return 1;
    return 0;
}

static void check_outputs(struct draft *d, const struct wiring *w, uint32_t index)
{
    const struct stage *s = &d->pipeline->stages[index];
    const struct processor_description *p = s->description;
    struct position at = draft_stage_place(d, index);
    for (uint32_t port = 0; port < p->n_outputs; port++) {
        if (is_read(w, index, port) || p->outputs[port].flags & MPIPE_PORT_OPTIONAL)
            continue;
        if (p->n_outputs == 1)
            draft_complain(d, s, at, "nobody reads what it sends: end the pipeline with a sink, or with core.null");
        else
            draft_complain(d, s, at,
                           "nobody reads its output port '%s': add a reader, as core.null, with inputs = [ \"%s.%s\" ]",
                           p->outputs[port].name, s->name, p->outputs[port].name);
    }
}

static void check_inputs(struct draft *d, const struct wiring *w, uint32_t index)
{
    const struct stage *s = &d->pipeline->stages[index];
    const struct processor_description *p = s->description;
    for (uint32_t port = 0; port < p->n_inputs; port++)
        if (!is_fed(w, index, port) && !(p->inputs[port].flags & MPIPE_PORT_OPTIONAL))
            draft_complain(
                d, s, draft_stage_place(d, index),
                "its input port '%s' is not connected: add { from = \"stage\"; port = \"%s\"; } to its inputs ( )",
                p->inputs[port].name, p->inputs[port].name);
}

/* Complains of one cycle, at the edge that leads back to its first stage, and takes its edges out. */
static void complain_cycle(struct draft *d, const struct wiring *w, const uint32_t *cycle, uint32_t length,
                           unsigned char *skip)
{
    const struct stage *stages = d->pipeline->stages;
    const char *text = "";
    struct position at = {NULL, 0};
    for (uint32_t i = 0; i < length; i++) {
        uint32_t to = cycle[(i + 1) % length];
        text = region_format(d->region, "%s'%s' -> ", text, stages[cycle[i]].name);
        for (uint32_t e = 0; e < w->n; e++)
            if (w->edges[e].from == cycle[i] && w->edges[e].to == to) {
                skip[e] = 1;
                at = w->places[e];
            }
    }
    draft_complain(d, NULL, at, "the stages go round in a circle: %s'%s'", text, stages[cycle[0]].name);
}

static void check_cycles(struct draft *d, const struct wiring *w)
{
    uint32_t cycle[PIPELINE_STAGES_MAX], length;
    unsigned char skip[PIPELINE_EDGES_MAX] = {0};
    while ((length = graph_cycle(d->pipeline->n_stages, w->edges, w->n, skip, cycle)) > 0)
        complain_cycle(d, w, cycle, length, skip);
}

void edges_check(struct draft *d, const struct wiring *w, enum wiring_state state)
{
    const struct pipeline *p = d->pipeline;
    check_cycles(d, w);
    if (state != WIRING_COMPLETE)
        return;
    for (uint32_t i = 0; i < p->n_stages; i++) {
        if (!p->stages[i].description)
            continue;
        check_inputs(d, w, i);
        check_outputs(d, w, i);
    }
}

static int comes_after(const struct edge *a, const struct edge *b)
{
    return a->from != b->from ? a->from > b->from : a->to > b->to;
}

/* Insertion: stable, which qsort() is not. */
static void sort_edges(struct edge *edges, uint32_t n)
{
    for (uint32_t i = 1; i < n; i++) {
        struct edge moved = edges[i];
        uint32_t place = i;
        for (; place > 0 && comes_after(&edges[place - 1], &moved); place--)
            edges[place] = edges[place - 1];
        edges[place] = moved;
    }
}

void edges_arrange(struct draft *d, const struct wiring *w)
{
    struct pipeline *p = d->pipeline;
    uint32_t order[PIPELINE_STAGES_MAX], place[PIPELINE_STAGES_MAX];
    struct stage *stages = region_alloc(d->region, p->n_stages * sizeof *stages);
    graph_order(p->n_stages, w->edges, w->n, order);
    for (uint32_t i = 0; i < p->n_stages; i++) {
        stages[i] = p->stages[order[i]];
        place[order[i]] = i;
    }
    p->stages = stages;
    p->n_edges = w->n;
    p->edges = region_alloc(d->region, (w->n + 1) * sizeof *p->edges);
    for (uint32_t e = 0; e < w->n; e++) {
        p->edges[e] = w->edges[e];
        p->edges[e].from = place[w->edges[e].from];
        p->edges[e].to = place[w->edges[e].to];
    }
    sort_edges(p->edges, p->n_edges);
    graph_mark_copies(p->n_stages, p->edges, p->n_edges);
}
