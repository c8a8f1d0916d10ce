#include "graph_drawing.h"

#include <string.h>

#include "quantity.h"

/* What is written beside a line of a port; the usual ones go without saying. */
static const char *out_label(const char *port)
{
    return strcmp(port, "out") == 0 ? "" : port;
}

static const char *in_label(const char *port)
{
    return strcmp(port, "in") == 0 ? "" : port;
}

void graph_draw_pipeline(struct drawing *d, const struct pipeline *p)
{
    *d = (struct drawing){0};
    snprintf(d->title, sizeof d->title, "%s", p->name);
    for (uint32_t i = 0; i < p->n_stages; i++)
        drawing_add_line(d, drawing_add_box(d, p->stages[i].name), "%s", p->stages[i].processor);
    for (uint32_t i = 0; i < p->n_edges; i++) {
        const struct edge *e = &p->edges[i];
        const struct processor_description *from = p->stages[e->from].description, *to = p->stages[e->to].description;
        int drops = e->when_full == WHEN_FULL_DROP;
        const char *port = in_label(to->inputs[e->to_port].name);
        char in[DRAWING_TEXT_MAX];
        snprintf(in, sizeof in, "%s%s%s", port, *port && drops ? ", " : "", drops ? "drop" : "");
        struct drawing_edge *edge =
            drawing_add_edge(d, e->from, e->to, out_label(from->outputs[e->from_port].name), in);
        if (edge)
            edge->is_dashed = drops;
    }
}

static const char *text(const json_t *object, const char *key)
{
    const char *value = json_string_value(json_object_get(object, key));
    return value ? value : "";
}

static double number(const json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}

static int has(const json_t *object, const char *key)
{
    return json_is_number(json_object_get(object, key));
}

static int percent(double share)
{
    return (int)(share * 100 + 0.5);
}

static enum drawing_shade shade_of(double share)
{
    return share >= 0.9 ? SHADE_FULL : share >= 0.5 ? SHADE_BUSY : share >= 0.02 ? SHADE_LIGHT : SHADE_IDLE;
}

static double ring_share(const json_t *stage)
{
    double queue = number(stage, "queue");
    return queue > 0 ? number(stage, "queued") / queue : 0;
}

/* What it does: how much goes through, where its workers' time goes, and how full its ring is. */
static void show_load(struct drawing *d, int box, const json_t *stage)
{
    int workers = (int)number(stage, "workers"), is_source = strcmp(text(stage, "kind"), "source") == 0;
    if (has(stage, "in_rate"))
        drawing_add_line(d, box, "%d worker%s, %s/s", workers, workers == 1 ? "" : "s",
                         quantity_short(number(stage, is_source ? "out_rate" : "in_rate")).text);
    else
        drawing_add_line(d, box, "%d worker%s", workers, workers == 1 ? "" : "s");
    if (has(stage, "busy"))
        drawing_add_line(d, box, "busy %d %%, starved %d %%, blocked %d %%", percent(number(stage, "busy")),
                         percent(number(stage, "starved")), percent(number(stage, "blocked")));
    if (number(stage, "queue") > 0)
        drawing_add_line(d, box, "ring %d %% full", percent(ring_share(stage)));
    if (has(stage, "busy"))
        d->boxes[box].shade = shade_of(number(stage, "busy"));
}

static int find_stage(const json_t *stages, const char *name)
{
    for (size_t i = 0; i < json_array_size(stages) && i < DRAWING_BOXES_MAX; i++)
        if (strcmp(text(json_array_get(stages, i), "name"), name) == 0)
            return (int)i;
    return -1;
}

static void draw_edge(struct drawing *d, const json_t *stages, const json_t *edge, enum graph_load load)
{
    int from = find_stage(stages, text(edge, "from")), to = find_stage(stages, text(edge, "to"));
    int drops = strcmp(text(edge, "when_full"), "drop") == 0;
    if (from < 0 || to < 0)
        return;
    struct drawing_edge *e =
        drawing_add_edge(d, (uint32_t)from, (uint32_t)to, out_label(text(edge, "port")), drops ? "drop" : "");
    if (!e)
        return;
    e->is_dashed = drops;
    if (load == LOAD_SHOWN)
        e->shade = shade_of(ring_share(json_array_get(stages, (size_t)to)));
}

void graph_draw_status(struct drawing *d, const json_t *status, enum graph_load load)
{
    const json_t *stages = json_object_get(status, "stages"), *edges = json_object_get(status, "edges"), *item;
    const char *bottleneck = text(status, "bottleneck");
    size_t i;
    *d = (struct drawing){0};
    snprintf(d->title, sizeof d->title, "%s", text(status, "pipeline"));
    json_array_foreach(stages, i, item)
    {
        int is_marked = load == LOAD_SHOWN && *bottleneck && strcmp(bottleneck, text(item, "name")) == 0;
        char name[DRAWING_TEXT_MAX];
        snprintf(name, sizeof name, "%s%s", text(item, "name"), is_marked ? "  (the bottleneck)" : "");
        int box = drawing_add_box(d, name);
        if (box < 0)
            break;
        drawing_add_line(d, box, "%s", text(item, "processor"));
        d->boxes[box].marked = is_marked;
        if (load == LOAD_SHOWN)
            show_load(d, box, item);
    }
    json_array_foreach(edges, i, item) draw_edge(d, stages, item, load);
}
