/* A drawing for a terminal, from top to bottom. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "layers.h"
#include "raster.h"

enum { FRAME_ROWS = 2, BOX_NET = 1, FIRST_NET = 2 };

/* Rows of a layer: its boxes, a row for labels if there are any, the lines across, and the arrow heads. */
struct picture {
    const struct layers *layers;
    struct raster raster;
    uint32_t top[DRAWING_BOXES_MAX], below[DRAWING_BOXES_MAX], across[DRAWING_BOXES_MAX], heads[DRAWING_BOXES_MAX];
};

static int has_label(const struct layers *l, uint32_t layer)
{
    for (uint32_t h = 0; h < l->n_hops; h++)
        if (l->hops[h].layer == layer && *l->hops[h].label)
            return 1;
    return 0;
}

/* A dashed line is to be seen as one beside its arrow head. */
static int has_dashed(const struct layers *l, uint32_t layer)
{
    for (uint32_t h = 0; h < l->n_hops; h++)
        for (uint32_t t = 0; t < l->hops[h].n_targets && l->hops[h].layer == layer; t++) {
            int32_t edge = l->targets[l->hops[h].first_target + t].edge;
            if (edge != NO_EDGE && l->drawing->edges[edge].is_dashed)
                return 1;
        }
    return 0;
}

/* Returns how many rows there are. */
static uint32_t stack_layers(struct picture *p)
{
    const struct layers *l = p->layers;
    uint32_t row = 0;
    for (uint32_t layer = 0; layer < l->n_layers; layer++) {
        uint32_t lines = 0;
        for (uint32_t i = l->first[layer]; i < l->first[layer + 1]; i++) {
            int32_t box = l->items[l->order[i]].box;
            if (box != NO_BOX && l->drawing->boxes[box].n_lines > lines)
                lines = l->drawing->boxes[box].n_lines;
        }
        p->top[layer] = row;
        p->below[layer] = row + lines + FRAME_ROWS;
        p->across[layer] = p->below[layer] + (uint32_t)has_label(l, layer);
        p->heads[layer] = p->across[layer] + l->rows[layer] + (uint32_t)has_dashed(l, layer);
        row = p->heads[layer] + 1;
    }
    return l->n_layers ? p->below[l->n_layers - 1] : 0;
}

static uint32_t count_columns(const struct layers *l)
{
    uint32_t columns = 0;
    for (uint32_t i = 0; i < l->n_items; i++) {
        uint32_t end = (uint32_t)(l->items[i].x + l->items[i].width + l->items[i].overhang);
        columns = end > columns ? end : columns;
    }
    return columns;
}

static uint32_t bottom_of(const struct picture *p, const struct layer_item *item)
{
    if (item->box == NO_BOX)
        return p->below[item->layer] - 1;
    return p->top[item->layer] + p->layers->drawing->boxes[item->box].n_lines + FRAME_ROWS - 1;
}

static void draw_box(struct picture *p, const struct layer_item *item)
{
    const struct drawing_box *box = &p->layers->drawing->boxes[item->box];
    struct raster_pen pen = {BOX_NET, box->marked ? STYLE_DOUBLE : STYLE_LINE, box->shade};
    uint32_t left = (uint32_t)item->x, right = left + (uint32_t)item->width - 1, top = p->top[item->layer];
    uint32_t bottom = bottom_of(p, item);
    raster_across(&p->raster, &pen, top, left, right);
    raster_across(&p->raster, &pen, bottom, left, right);
    raster_down(&p->raster, &pen, left, top, bottom);
    raster_down(&p->raster, &pen, right, top, bottom);
    for (uint32_t i = 0; i < box->n_lines; i++)
        raster_text(&p->raster, top + 1 + i, left + 2, box->lines[i], SHADE_NONE, i == 0 ? WEIGHT_BOLD : WEIGHT_PLAIN);
}

static void draw_passage(struct picture *p, const struct layer_hop *hop)
{
    const struct layer_net *net = &p->layers->nets[hop->net];
    const struct layer_item *item = &p->layers->items[hop->from];
    struct raster_pen pen = {hop->net + FIRST_NET, net->is_dashed ? STYLE_DASHED : STYLE_LINE, net->shade};
    if (item->box != NO_BOX)
        return;
    raster_down(&p->raster, &pen, (uint32_t)hop->x, p->top[item->layer], p->below[item->layer] - 1);
    raster_join(&p->raster, p->below[item->layer] - 1, (uint32_t)hop->x, ARM_DOWN);
}

/* From the row of the hop to the box or the passage below. */
static void draw_arrival(struct picture *p, const struct layer_hop *hop, const struct layer_target *target)
{
    const struct layers *l = p->layers;
    const struct layer_net *net = &l->nets[hop->net];
    const struct drawing_edge *edge = target->edge == NO_EDGE ? NULL : &l->drawing->edges[target->edge];
    struct raster_pen pen = {hop->net + FIRST_NET, STYLE_LINE, edge ? edge->shade : net->shade};
    uint32_t from = hop->is_straight ? p->below[hop->layer] : p->across[hop->layer] + hop->row;
    uint32_t heads = p->heads[hop->layer], x = (uint32_t)target->x;
    if (edge ? edge->is_dashed : net->is_dashed)
        pen.style = STYLE_DASHED;
    raster_down(&p->raster, &pen, x, from, heads);
    if (!edge) {
        raster_join(&p->raster, heads, x, ARM_DOWN);
        return;
    }
    raster_head(&p->raster, &pen, heads, x);
    raster_text(&p->raster, heads, x + 2, edge->in, SHADE_NONE, WEIGHT_PLAIN);
}

static void draw_hop(struct picture *p, const struct layer_hop *hop)
{
    const struct layers *l = p->layers;
    const struct layer_net *net = &l->nets[hop->net];
    const struct layer_item *from = &l->items[hop->from];
    struct raster_pen pen = {hop->net + FIRST_NET, net->is_dashed ? STYLE_DASHED : STYLE_LINE, net->shade};
    uint32_t x = (uint32_t)hop->x, first = bottom_of(p, from) + 1, row = p->across[hop->layer] + hop->row;
    int32_t left = hop->x, right = hop->x;
    for (uint32_t t = 0; t < hop->n_targets; t++) {
        const struct layer_target *target = &l->targets[hop->first_target + t];
        left = target->x < left ? target->x : left;
        right = target->x > right ? target->x : right;
        draw_arrival(p, hop, target);
    }
    if (!hop->is_straight) {
        raster_across(&p->raster, &pen, row, (uint32_t)left, (uint32_t)right);
        raster_down(&p->raster, &pen, x, first, row);
    } else if (p->below[hop->layer] > first) {
        raster_down(&p->raster, &pen, x, first, p->below[hop->layer]);
    }
    raster_join(&p->raster, first, x, ARM_UP);
    raster_join(&p->raster, first - 1, x, ARM_DOWN);
    raster_text(&p->raster, p->below[hop->layer], x + 2, hop->label, SHADE_NONE, WEIGHT_PLAIN);
}

static int draw(struct picture *p)
{
    const struct layers *l = p->layers;
    uint32_t rows = stack_layers(p);
    int error = raster_create(&p->raster, count_columns(l), rows);
    if (error)
        return error;
    for (uint32_t i = 0; i < l->n_items; i++)
        if (l->items[i].box != NO_BOX)
            draw_box(p, &l->items[i]);
    for (uint32_t h = 0; h < l->n_hops; h++) {
        draw_passage(p, &l->hops[h]);
        draw_hop(p, &l->hops[h]);
    }
    return 0;
}

int drawing_print_text(const struct drawing *d, unsigned abilities, FILE *out)
{
    struct layers layers;
    struct picture p = {.layers = &layers};
    int error = layers_create(&layers, d);
    if (!error)
        error = spread_layers(&layers);
    if (!error) {
        route_hops(&layers);
        error = draw(&p);
    }
    if (!error)
        raster_print(&p.raster, abilities, out);
    raster_destroy(&p.raster);
    layers_destroy(&layers);
    return error;
}
