/* Columns: how wide items are, where on them lines leave and arrive, and where they stand so that lines are short. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "layers.h"
#include "raster.h"

enum { SWEEPS = 8, PORT_GAP = 4, BOX_GAP = 3, PASSAGE_GAP = 2, LABEL_GAP = 2, BOX_MARGIN = 4, SNAP = 4 };

/* A place on the edge of an item where a line leaves or arrives. */
struct port {
    int32_t *offset;
    const char *label;
    double key; /* ports stand in this order */
};

struct ports {
    uint32_t n;
    struct port list[DRAWING_EDGES_MAX];
};

/* NOLINTNEXTLINE(readability-non-const-parameter): whoever lays the ports out writes to it */
static void add_port(struct ports *p, int32_t *offset, const char *label, double key)
{
    uint32_t at = p->n < DRAWING_EDGES_MAX ? p->n++ : p->n - 1;
    for (; at > 0 && p->list[at - 1].key > key; at--)
        p->list[at] = p->list[at - 1];
    p->list[at] = (struct port){offset, label, key};
}

static const char *label_of(const struct layers *l, const struct layer_target *target)
{
    return target->edge == NO_EDGE ? "" : l->drawing->edges[target->edge].in;
}

static void find_exits(struct layers *l, uint32_t item, struct ports *out)
{
    out->n = 0;
    for (uint32_t h = 0; h < l->n_hops; h++) {
        struct layer_hop *hop = &l->hops[h];
        double sum = 0;
        for (uint32_t t = 0; t < hop->n_targets; t++)
            sum += l->items[l->targets[hop->first_target + t].item].position;
        if (hop->from == item)
            add_port(out, &hop->offset, hop->label, sum / hop->n_targets);
    }
}

static void find_entries(struct layers *l, uint32_t item, struct ports *out)
{
    out->n = 0;
    for (uint32_t h = 0; h < l->n_hops; h++)
        for (uint32_t t = 0; t < l->hops[h].n_targets; t++) {
            struct layer_target *target = &l->targets[l->hops[h].first_target + t];
            double along = (double)l->hops[h].offset / (l->items[l->hops[h].from].width + 1);
            if (target->item == item)
                add_port(out, &target->offset, label_of(l, target), l->items[l->hops[h].from].position + along);
        }
}

/* Columns from a port to the next. */
static int32_t step(const struct port *p)
{
    int32_t label = (int32_t)raster_width(p->label);
    return label ? label + LABEL_GAP + 2 : PORT_GAP;
}

static int32_t span(const struct ports *p)
{
    int32_t columns = 0;
    for (uint32_t i = 0; i + 1 < p->n; i++)
        columns += step(&p->list[i]);
    return columns;
}

static void place_ports(const struct ports *p, struct layer_item *item)
{
    int32_t at = (item->width - 1 - span(p)) / 2;
    for (uint32_t i = 0; i < p->n; i++) {
        int32_t label = (int32_t)raster_width(p->list[i].label);
        int32_t over = label ? at + LABEL_GAP + label - item->width : 0;
        *p->list[i].offset = at;
        at += step(&p->list[i]);
        if (over > item->overhang)
            item->overhang = over;
    }
}

/* An odd number, so that there is a column in the middle. */
static void size_item(struct layers *l, uint32_t i)
{
    struct layer_item *item = &l->items[i];
    struct ports ports;
    int32_t width = 1;
    if (item->box != NO_BOX) {
        const struct drawing_box *box = &l->drawing->boxes[item->box];
        for (uint32_t k = 0; k < box->n_lines; k++)
            width = (int32_t)raster_width(box->lines[k]) > width ? (int32_t)raster_width(box->lines[k]) : width;
        width += BOX_MARGIN;
        find_exits(l, i, &ports);
        width = span(&ports) + BOX_MARGIN + 1 > width ? span(&ports) + BOX_MARGIN + 1 : width;
        find_entries(l, i, &ports);
        width = span(&ports) + BOX_MARGIN + 1 > width ? span(&ports) + BOX_MARGIN + 1 : width;
    }
    item->width = width | 1;
    find_exits(l, i, &ports);
    place_ports(&ports, item);
    find_entries(l, i, &ports);
    place_ports(&ports, item);
}

/* Columns between the middles of two neighbours, at least. */
static int32_t distance(const struct layer_item *left, const struct layer_item *right)
{
    int32_t gap = left->box == NO_BOX || right->box == NO_BOX ? PASSAGE_GAP : BOX_GAP;
    return left->width / 2 + 1 + left->overhang + gap + right->width / 2;
}

/* Moves what is too near apart, as little as possible in all: neighbours that push each other become a block, which
 * stands at the mean of what its members want. `want`: by place on the layer, the middle that an item wants; it gets
 * it.
 */
static void separate(const struct layers *l, uint32_t layer, double *want)
{
    const uint32_t *order = l->order + l->first[layer];
    uint32_t n = l->first[layer + 1] - l->first[layer], n_blocks = 0;
    struct {
        double sum;
        uint32_t n;
    } blocks[DRAWING_BOXES_MAX + DRAWING_EDGES_MAX];
    int32_t shift = 0;
    for (uint32_t i = 0; i < n; i++) {
        shift += i ? distance(&l->items[order[i - 1]], &l->items[order[i]]) : 0;
        blocks[n_blocks].sum = want[i] - shift;
        blocks[n_blocks++].n = 1;
        while (n_blocks > 1 &&
               blocks[n_blocks - 2].sum / blocks[n_blocks - 2].n >= blocks[n_blocks - 1].sum / blocks[n_blocks - 1].n) {
            n_blocks--;
            blocks[n_blocks - 1].sum += blocks[n_blocks].sum;
            blocks[n_blocks - 1].n += blocks[n_blocks].n;
        }
    }
    shift = 0;
    for (uint32_t b = 0, i = 0; b < n_blocks; b++)
        for (uint32_t k = 0; k < blocks[b].n; k++, i++) {
            shift += i ? distance(&l->items[order[i - 1]], &l->items[order[i]]) : 0;
            want[i] = floor(blocks[b].sum / blocks[b].n + 0.5) + shift;
        }
}

static int32_t middle(const struct layer_item *item)
{
    return item->x + item->width / 2;
}

/* Where an item's middle would have to be for its lines from above, or those to below, to be straight; NAN: it has
 * none.
 */
static double wish(const struct layers *l, uint32_t item, int down)
{
    double sum = 0;
    uint32_t n = 0;
    int32_t half = l->items[item].width / 2;
    for (uint32_t h = 0; h < l->n_hops; h++) {
        const struct layer_hop *hop = &l->hops[h];
        for (uint32_t t = 0; t < hop->n_targets; t++) {
            const struct layer_target *target = &l->targets[hop->first_target + t];
            if (down ? target->item != item : hop->from != item)
                continue;
            int32_t leaves = l->items[hop->from].x + hop->offset, arrives = l->items[target->item].x + target->offset;
            sum += down ? leaves - target->offset + half : arrives - hop->offset + half;
            n++;
        }
    }
    return n ? sum / n : (double)NAN;
}

static void sweep(struct layers *l, int down, double *want)
{
    for (uint32_t k = 0; k < l->n_layers; k++) {
        uint32_t layer = down ? k : l->n_layers - 1 - k, first = l->first[layer], n = l->first[layer + 1] - first;
        for (uint32_t i = 0; i < n; i++) {
            uint32_t item = l->order[first + i];
            want[i] = wish(l, item, down);
            if (isnan(want[i]))
                want[i] = middle(&l->items[item]);
        }
        separate(l, layer, want);
        for (uint32_t i = 0; i < n; i++) {
            struct layer_item *item = &l->items[l->order[first + i]];
            item->x = (int32_t)want[i] - item->width / 2;
        }
    }
}

/* 1 if a line may arrive at the item there: no other one is near, nor the label of one. */
static int is_free(const struct layers *l, uint32_t item, const struct layer_target *but, int32_t offset)
{
    for (uint32_t t = 0; t < l->n_targets; t++) {
        const struct layer_target *other = &l->targets[t];
        int32_t label = (int32_t)raster_width(label_of(l, other));
        int32_t right = label ? label + LABEL_GAP + 1 : PORT_GAP - 1;
        if (other != but && other->item == item && offset > other->offset - (PORT_GAP - 1) &&
            offset < other->offset + right)
            return 0;
    }
    return offset >= 1 && offset <= l->items[item].width - 2;
}

/* A line that almost goes straight down does. */
static void straighten(struct layers *l, const struct layer_hop *hop, struct layer_target *target)
{
    int32_t offset = hop->x - l->items[target->item].x;
    if (target->edge == NO_EDGE || *label_of(l, target) || abs(offset - target->offset) > SNAP ||
        !is_free(l, target->item, target, offset))
        return;
    target->offset = offset;
}

/* 1 if another hop of the layer leaves by that column. */
static int leaves_there(const struct layers *l, const struct layer_hop *but, int32_t x)
{
    for (uint32_t h = 0; h < l->n_hops; h++)
        if (&l->hops[h] != but && l->hops[h].layer == but->layer && l->hops[h].x == x)
            return 1;
    return 0;
}

/* 1 if the passage may stand there: still between its neighbours. */
static int has_room(const struct layers *l, uint32_t item, int32_t x)
{
    const struct layer_item *i = &l->items[item];
    uint32_t at = l->first[i->layer] + i->position;
    const struct layer_item *left = i->position > 0 ? &l->items[l->order[at - 1]] : NULL;
    const struct layer_item *right = at + 1 < l->first[i->layer + 1] ? &l->items[l->order[at + 1]] : NULL;
    return x >= 0 && (!left || left->x + left->width + left->overhang < x) && (!right || x + 1 < right->x);
}

/* Two lines between the same layers, one of which arrives in the column in which the other leaves, might lie on one
 * another: so the one that arrives steps aside, if it can. */
static void step_aside(struct layers *l, const struct layer_hop *hop, struct layer_target *target)
{
    static const int32_t ways[] = {1, -1, 2, -2};
    struct layer_item *item = &l->items[target->item];
    int32_t x = item->x + target->offset;
    if (!leaves_there(l, hop, x))
        return;
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        if (leaves_there(l, hop, x + ways[i]))
            continue;
        if (target->edge == NO_EDGE && has_room(l, target->item, x + ways[i])) {
            item->x += ways[i];
            return;
        }
        if (target->edge != NO_EDGE && is_free(l, target->item, target, target->offset + ways[i])) {
            target->offset += ways[i];
            return;
        }
    }
}

/* From top to bottom, as a passage is where a line arrives, and leaves again. */
static void fix_columns(struct layers *l)
{
    int32_t left = INT32_MAX;
    for (uint32_t i = 0; i < l->n_items; i++)
        left = l->items[i].x < left ? l->items[i].x : left;
    for (uint32_t i = 0; i < l->n_items; i++)
        l->items[i].x -= left;
    for (uint32_t layer = 0; layer < l->n_layers; layer++) {
        for (uint32_t h = 0; h < l->n_hops; h++)
            l->hops[h].x = l->items[l->hops[h].from].x + l->hops[h].offset;
        for (uint32_t h = 0; h < l->n_hops; h++)
            for (uint32_t t = 0; t < l->hops[h].n_targets && l->hops[h].layer == layer; t++) {
                struct layer_target *target = &l->targets[l->hops[h].first_target + t];
                straighten(l, &l->hops[h], target);
                step_aside(l, &l->hops[h], target);
                target->x = l->items[target->item].x + target->offset;
            }
    }
}

int spread_layers(struct layers *l)
{
    double *want = malloc((l->n_items + 1) * sizeof *want);
    if (!want)
        return -ENOMEM;
    for (uint32_t i = 0; i < l->n_items; i++)
        size_item(l, i);
    for (uint32_t i = 0; i < SWEEPS; i++)
        sweep(l, i % 2 == 0, want);
    fix_columns(l);
    free(want);
    return 0;
}
