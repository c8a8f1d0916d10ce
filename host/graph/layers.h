/* The layout of a drawing: each box on a layer below all that it hears from, and where everything is on its layer.
 *
 * A net is what leaves a box by one port: all its edges, as one line that branches. Where it has to go past a layer, it
 * has an item of its own there, a passage. A hop is the part of a net between two layers.
 *
 *     layers_create()    which layer, and which order on it, so that few lines cross
 *     spread_layers()    columns: of items, and of where lines leave and arrive
 *     route_hops()       rows of the lines between two layers
 */
#ifndef LAYERS_H
#define LAYERS_H

#include "drawing.h"

enum { NO_BOX = -1, NO_EDGE = -1 };

struct layer_item {
    int32_t box; /* NO_BOX: a passage */
    uint32_t layer, position;
    int32_t x, width, overhang; /* columns; what labels take to the right of it */
};

struct layer_target {
    uint32_t item;
    int32_t edge;   /* NO_EDGE: it arrives at a passage */
    int32_t offset; /* of its column, in the item */
    int32_t x;
};

struct layer_hop {
    uint32_t net, layer, from; /* the layer and the item that it leaves */
    uint32_t first_target, n_targets;
    const char *label; /* at its beginning; "": none */
    int32_t offset, x; /* of the column that it leaves by */
    uint32_t row;      /* of what is horizontal of it, from 0 */
    int is_straight;   /* 1: nothing is */
};

struct layer_net {
    uint32_t from, last; /* box; the last layer that it comes to */
    const char *label;
    int is_dashed; /* all of it is */
    enum drawing_shade shade;
};

struct layers {
    const struct drawing *drawing;
    uint32_t n_layers, n_nets, n_items, n_hops, n_targets;
    uint32_t layer_of[DRAWING_BOXES_MAX]; /* by box */
    uint32_t net_of[DRAWING_EDGES_MAX];   /* by edge */
    struct layer_net nets[DRAWING_EDGES_MAX];
    uint32_t first[DRAWING_BOXES_MAX + 1]; /* by layer: its first place in order */
    uint32_t rows[DRAWING_BOXES_MAX];      /* by layer: how many its hops take */
    struct layer_item *items;              /* the boxes first */
    struct layer_hop *hops;                /* by layer */
    struct layer_target *targets;
    uint32_t *order; /* items, layer after layer, from left to right */
};

/* The drawing must outlive it. 0 or -ENOMEM; to be destroyed in any case. */
int layers_create(struct layers *l, const struct drawing *d);
void layers_destroy(struct layers *l);

int spread_layers(struct layers *l);
void route_hops(struct layers *l);

#endif
