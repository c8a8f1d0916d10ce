/* Rows of the lines between two layers: a hop leaves downwards, goes along its row to above where it arrives, and down.
 */
#include <stdlib.h>

#include "layers.h"

struct reach {
    int32_t left, right;
};

static struct reach reach_of(const struct layers *l, const struct layer_hop *hop)
{
    struct reach r = {hop->x, hop->x};
    for (uint32_t t = 0; t < hop->n_targets; t++) {
        int32_t x = l->targets[hop->first_target + t].x;
        r.left = x < r.left ? x : r.left;
        r.right = x > r.right ? x : r.right;
    }
    return r;
}

static int within(struct reach r, int32_t x)
{
    return x >= r.left && x <= r.right;
}

/* Lines that cross if `above` is above `below`. */
static int crossings(const struct layers *l, const struct layer_hop *above, const struct layer_hop *below)
{
    struct reach upper = reach_of(l, above), lower = reach_of(l, below);
    int n = within(upper, below->x);
    for (uint32_t t = 0; t < above->n_targets; t++)
        n += within(lower, l->targets[above->first_target + t].x);
    return n;
}

/* 1 if the one would lie on the other: it comes down where the other leaves. */
static int overlaps(const struct layers *l, const struct layer_hop *above, const struct layer_hop *below)
{
    for (uint32_t t = 0; t < above->n_targets; t++)
        if (l->targets[above->first_target + t].x == below->x)
            return 1;
    return 0;
}

/* The next hop from above: one that may be above all the others, and that it costs the least to have there. */
static uint32_t pick(const struct layers *l, const uint32_t *left, uint32_t n)
{
    uint32_t best = 0;
    int least = 0, fewest = 0;
    for (uint32_t i = 0; i < n; i++) {
        int sum = 0, bad = 0;
        for (uint32_t k = 0; k < n; k++) {
            const struct layer_hop *hop = &l->hops[left[i]], *other = &l->hops[left[k]];
            if (k == i)
                continue;
            bad += overlaps(l, hop, other);
            sum += crossings(l, hop, other) - crossings(l, other, hop);
        }
        if (i == 0 || bad < fewest || (bad == fewest && sum < least)) {
            fewest = bad;
            least = sum;
            best = i;
        }
    }
    return best;
}

/* The row below those of all that it would touch. */
static uint32_t lowest_row(const struct layers *l, uint32_t hop, const uint32_t *done, uint32_t n_done)
{
    struct reach mine = reach_of(l, &l->hops[hop]);
    uint32_t row = 0;
    for (uint32_t i = 0; i < n_done; i++) {
        struct reach other = reach_of(l, &l->hops[done[i]]);
        if (mine.left <= other.right && other.left <= mine.right && l->hops[done[i]].row >= row)
            row = l->hops[done[i]].row + 1;
    }
    return row;
}

static void route_layer(struct layers *l, uint32_t layer)
{
    uint32_t left[DRAWING_EDGES_MAX], done[DRAWING_EDGES_MAX], n = 0, n_done = 0;
    for (uint32_t h = 0; h < l->n_hops; h++) {
        struct reach r = reach_of(l, &l->hops[h]);
        l->hops[h].is_straight = r.left == r.right;
        if (l->hops[h].layer == layer && !l->hops[h].is_straight)
            left[n++] = h;
    }
    l->rows[layer] = 0;
    while (n > 0) {
        uint32_t at = pick(l, left, n), hop = left[at];
        left[at] = left[--n];
        l->hops[hop].row = lowest_row(l, hop, done, n_done);
        done[n_done++] = hop;
        if (l->hops[hop].row >= l->rows[layer])
            l->rows[layer] = l->hops[hop].row + 1;
    }
}

void route_hops(struct layers *l)
{
    for (uint32_t layer = 0; layer < l->n_layers; layer++)
        route_layer(l, layer);
}
