/* Views: the mpipe_frame structs that a processor sees, in the worker's own memory, and the blocks behind them.
 *
 * A view is made for an input, for a kept frame, and for a frame that the processor creates. The plugin holds a pointer
 * to the public part; it is validated when it comes back, as a plugin may pass anything.
 */
#ifndef VIEW_H
#define VIEW_H

#include <micropipe/frame.h>

#include "arena.h"

enum view_origin {
    VIEW_FREE,    /* not in use */
    VIEW_CREATED, /* a block of this worker's, PENDING */
    VIEW_INPUT,   /* claimed; index is its place in the claim */
    VIEW_KEPT     /* kept earlier; index is its place in the journal's kept frames */
};

#define SEQUENCE_UNSET UINT64_MAX /* a source's frame, before it is emitted */

struct view {
    mpipe_frame frame; /* first: the plugin's pointer is ours */
    enum view_origin origin;
    struct descriptor descriptor;
    uint64_t block_bytes;         /* of the block in all; 0: not looked up yet */
    uint32_t index;               /* in the claim, or in kept */
    uint32_t attributes;          /* bytes of attribute records */
    struct view *next, *previous; /* list of the created ones */
};

/* All views of a worker. Chunks never move, so a stale pointer is still memory that can be looked at. */
struct view_pool {
    struct view_chunk *chunks;
    struct view *free; /* by `next` */
};

void view_pool_init(struct view_pool *pool);
void view_pool_destroy(struct view_pool *pool);

/* A view that is to be filled by view_open() or view_format(); NULL: out of memory. */
struct view *view_get(struct view_pool *pool);
void view_put(struct view_pool *pool, struct view *v);

/* The view behind a plugin's pointer, NULL if it is none of this pool's or is not in use. */
struct view *view_of(const struct view_pool *pool, const mpipe_frame *frame);

/* Fills a view from the block that a descriptor names. 0, or -EBADMSG if there is no such block held under `holder`. */
int view_open(struct view *v, const struct arena *a, const struct descriptor *d, uint64_t holder);

/* Bytes that a block needs in all for a payload and attribute records. */
uint64_t view_block_bytes(uint64_t capacity, uint32_t attributes, int has_tail);

/* Sets up the view and header of a block that was just taken, for that many bytes of attribute records; size 0. */
void view_format(struct view *v, const struct arena *a, const struct descriptor *d, uint32_t attributes, int has_tail);

/* Writes size, type, sequence, key and time of a created frame into its block, before it is published. */
void view_seal(struct view *v, const struct arena *a);

/* True if key, time, attributes or an uncommon type need a tail. */
int view_needs_tail(const struct view *v);

/* The block's attribute records. */
uint8_t *view_attributes(const struct view *v, const struct arena *a);

#endif
