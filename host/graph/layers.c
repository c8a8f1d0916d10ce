#include "layers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { SWEEPS = 8 };

/* As far up as it can be; but what hears from nobody stands just above who hears from it. */
static void choose_layers(struct layers *l)
{
    const struct drawing *d = l->drawing;
    uint32_t heard = 0;
    for (uint32_t box = 0; box < d->n_boxes; box++) {
        heard = 0;
        for (uint32_t e = 0; e < d->n_edges; e++)
            if (d->edges[e].to == box && l->layer_of[d->edges[e].from] >= heard)
                heard = l->layer_of[d->edges[e].from] + 1;
        l->layer_of[box] = heard;
    }
    for (uint32_t box = 0; box < d->n_boxes; box++) {
        uint32_t nearest = UINT32_MAX;
        for (uint32_t e = 0; e < d->n_edges; e++)
            if (d->edges[e].from == box && l->layer_of[d->edges[e].to] < nearest)
                nearest = l->layer_of[d->edges[e].to];
        if (l->layer_of[box] == 0 && nearest != UINT32_MAX)
            l->layer_of[box] = nearest - 1;
        if (l->layer_of[box] >= l->n_layers)
            l->n_layers = l->layer_of[box] + 1;
    }
}

static void choose_nets(struct layers *l)
{
    const struct drawing *d = l->drawing;
    for (uint32_t e = 0; e < d->n_edges; e++) {
        const struct drawing_edge *edge = &d->edges[e];
        uint32_t n = 0;
        while (n < l->n_nets && (l->nets[n].from != edge->from || strcmp(l->nets[n].label, edge->out) != 0))
            n++;
        if (n == l->n_nets)
            l->nets[l->n_nets++] = (struct layer_net){edge->from, 0, edge->out, 1, edge->shade};
        struct layer_net *net = &l->nets[n];
        net->is_dashed &= edge->is_dashed;
        if (net->shade != edge->shade)
            net->shade = SHADE_NONE;
        if (l->layer_of[edge->to] > net->last)
            net->last = l->layer_of[edge->to];
        l->net_of[e] = n;
    }
}

static void add_target(struct layers *l, struct layer_hop *hop, uint32_t item, int32_t edge)
{
    l->targets[l->n_targets++] = (struct layer_target){.item = item, .edge = edge};
    hop->n_targets++;
}

/* What a net does below `layer`. Its passages are made in the order of the layers, so the last one is where it is. */
static void add_hop(struct layers *l, uint32_t net, uint32_t layer)
{
    const struct drawing *d = l->drawing;
    const struct layer_net *n = &l->nets[net];
    int begins = l->layer_of[n->from] == layer;
    struct layer_hop *hop = &l->hops[l->n_hops++];
    *hop = (struct layer_hop){.net = net, .layer = layer, .from = n->from, .first_target = l->n_targets};
    hop->label = begins ? n->label : "";
    for (uint32_t h = 0; !begins && h + 1 < l->n_hops; h++)
        if (l->hops[h].net == net && l->hops[h].layer + 1 == layer)
            hop->from = l->targets[l->hops[h].first_target + l->hops[h].n_targets - 1].item;
    for (uint32_t e = 0; e < d->n_edges; e++)
        if (l->net_of[e] == net && l->layer_of[d->edges[e].to] == layer + 1)
            add_target(l, hop, d->edges[e].to, (int32_t)e);
    if (n->last > layer + 1) {
        l->items[l->n_items] = (struct layer_item){.box = NO_BOX, .layer = layer + 1};
        add_target(l, hop, l->n_items++, NO_EDGE);
    }
}

/* Items of a layer in the order of their position. */
static void sort_layer(struct layers *l, uint32_t layer, const double *key)
{
    uint32_t *order = l->order + l->first[layer], n = l->first[layer + 1] - l->first[layer];
    for (uint32_t i = 1; i < n; i++) { /* few, and mostly in order; equal keys stay as they are */
        uint32_t item = order[i], at = i;
        for (; at > 0 && key[order[at - 1]] > key[item]; at--)
            order[at] = order[at - 1];
        order[at] = item;
    }
    for (uint32_t i = 0; i < n; i++)
        l->items[order[i]].position = i;
}

static void order_first(struct layers *l)
{
    uint32_t at = 0;
    for (uint32_t layer = 0; layer < l->n_layers; layer++) {
        l->first[layer] = at;
        for (uint32_t i = 0; i < l->n_items; i++)
            if (l->items[i].layer == layer) {
                l->items[i].position = at - l->first[layer];
                l->order[at++] = i;
            }
    }
    l->first[l->n_layers] = at;
}

/* Orders each layer by the means of where its lines come from (down), or go to (up). */
static void sweep(struct layers *l, int down, double *key, uint32_t *n)
{
    for (uint32_t k = 0; k < l->n_layers; k++) {
        uint32_t layer = down ? k : l->n_layers - 1 - k;
        memset(key, 0, l->n_items * sizeof *key);
        memset(n, 0, l->n_items * sizeof *n);
        for (uint32_t h = 0; h < l->n_hops; h++)
            for (uint32_t t = 0; t < l->hops[h].n_targets; t++) {
                uint32_t from = l->hops[h].from, to = l->targets[l->hops[h].first_target + t].item;
                uint32_t mine = down ? to : from, other = down ? from : to;
                if (l->items[mine].layer != layer)
                    continue;
                key[mine] += l->items[other].position;
                n[mine]++;
            }
        for (uint32_t i = 0; i < l->n_items; i++)
            key[i] = n[i] ? key[i] / n[i] : l->items[i].position;
        sort_layer(l, layer, key);
    }
}

static uint32_t crossings(const struct layers *l)
{
    uint32_t n = 0;
    for (uint32_t a = 0; a < l->n_hops; a++)
        for (uint32_t b = 0; b < l->n_hops; b++) {
            const struct layer_hop *left = &l->hops[a], *right = &l->hops[b];
            if (left->layer != right->layer || l->items[left->from].position >= l->items[right->from].position)
                continue;
            for (uint32_t s = 0; s < left->n_targets; s++)
                for (uint32_t t = 0; t < right->n_targets; t++)
                    n += l->items[l->targets[left->first_target + s].item].position >
                         l->items[l->targets[right->first_target + t].item].position;
        }
    return n;
}

/* Sweeps down and up, and keeps the order with the fewest crossings. */
static int choose_order(struct layers *l)
{
    double *key = malloc(l->n_items * sizeof *key);
    uint32_t *n = malloc(l->n_items * sizeof *n), *best = malloc(l->n_items * sizeof *best);
    int error = key && n && best ? 0 : -ENOMEM;
    order_first(l);
    uint32_t fewest = error ? 0 : UINT32_MAX;
    for (uint32_t i = 0; i < SWEEPS && fewest > 0; i++) {
        sweep(l, i % 2 == 0, key, n);
        uint32_t now = crossings(l);
        if (now < fewest) {
            fewest = now;
            memcpy(best, l->order, l->n_items * sizeof *best);
        }
    }
    if (!error) {
        memcpy(l->order, best, l->n_items * sizeof *best);
        for (uint32_t layer = 0; layer < l->n_layers; layer++)
            for (uint32_t i = l->first[layer]; i < l->first[layer + 1]; i++)
                l->items[l->order[i]].position = i - l->first[layer];
    }
    free(key);
    free(n);
    free(best);
    return error;
}

int layers_create(struct layers *l, const struct drawing *d)
{
    memset(l, 0, sizeof *l);
    l->drawing = d;
    choose_layers(l);
    choose_nets(l);
    size_t n_hops = 0;
    for (uint32_t n = 0; n < l->n_nets; n++)
        n_hops += l->nets[n].last - l->layer_of[l->nets[n].from];
    l->items = calloc(d->n_boxes + n_hops + 1, sizeof *l->items);
    l->order = calloc(d->n_boxes + n_hops + 1, sizeof *l->order);
    l->hops = calloc(n_hops + 1, sizeof *l->hops);
    l->targets = calloc(d->n_edges + n_hops + 1, sizeof *l->targets);
    if (!l->items || !l->order || !l->hops || !l->targets)
        return -ENOMEM;
    for (uint32_t box = 0; box < d->n_boxes; box++)
        l->items[l->n_items++] = (struct layer_item){.box = (int32_t)box, .layer = l->layer_of[box]};
    for (uint32_t layer = 0; layer < l->n_layers; layer++)
        for (uint32_t n = 0; n < l->n_nets; n++)
            if (l->layer_of[l->nets[n].from] <= layer && l->nets[n].last > layer)
                add_hop(l, n, layer);
    return l->n_items ? choose_order(l) : 0;
}

void layers_destroy(struct layers *l)
{
    free(l->items);
    free(l->order);
    free(l->hops);
    free(l->targets);
    memset(l, 0, sizeof *l);
}
