/* The machine's limit: a ring for one producer and one consumer, 16-byte descriptors and the payloads in an array, and
 * nothing else: no allocation, no second reader, no sleeping, and whoever dies takes his batch with him.
 */
#include <stddef.h>
#include <stdlib.h>

#include "clock.h"
#include "duel.h"
#include "payload.h"
#include "shared.h"

struct raw_descriptor {
    uint64_t payload; /* offset */
    uint64_t size;
};

/* Shared memory. Payloads lie behind it, each on cache lines of its own. */
struct raw_ring {
    au64 tail;
    uint8_t pad0[56];
    au64 head;
    uint8_t pad1[56];
    struct raw_descriptor descriptors[];
};

/* A process's view of a ring. */
struct raw_end {
    struct raw_ring *ring;
    uint8_t *payloads;
    uint64_t mask, stride, position;
    uint64_t seen; /* the other end's position when this one last had to look */
    uint64_t number;
};

struct raw_way {
    struct shared shared;
    uint64_t size; /* of a ring with its payloads */
};

static uint64_t stride_of(const struct load *load)
{
    return (load->payload + 63) / 64 * 64;
}

static uint64_t descriptors_size(const struct load *load)
{
    return sizeof(struct raw_ring) + load->queue * sizeof(struct raw_descriptor);
}

static void *raw_open(const struct load *load)
{
    struct raw_way *w = calloc(1, sizeof *w);
    if (!w)
        return NULL;
    w->size = (descriptors_size(load) + load->queue * stride_of(load) + 63) / 64 * 64;
    if (shared_open(&w->shared, 2 * w->size, 1) == 0)
        return w;
    free(w);
    return NULL;
}

static void raw_close(void *way)
{
    struct raw_way *w = way;
    shared_close(&w->shared);
    free(w);
}

static struct raw_end raw_end(const struct raw_way *w, const struct load *load, uint32_t which)
{
    uint8_t *at = w->shared.memory + which * w->size;
    return (struct raw_end){.ring = (struct raw_ring *)(void *)at,
                            .payloads = at + descriptors_size(load),
                            .mask = load->queue - 1,
                            .stride = stride_of(load)};
}

/* Waits until at least `n` places are free; how many are, `most` at most. */
static uint64_t raw_room(struct raw_end *e, uint64_t n, uint64_t most)
{
    uint64_t room;
    while ((room = e->mask + 1 - (e->position - e->seen)) < n) {
        e->seen = au64_acquire(&e->ring->head);
        if (e->mask + 1 - (e->position - e->seen) < n)
            cpu_relax();
    }
    return room < most ? room : most;
}

static uint64_t raw_fill(struct raw_end *e, uint64_t n, uint64_t most)
{
    uint64_t fill;
    while ((fill = e->seen - e->position) < n) {
        e->seen = au64_acquire(&e->ring->tail);
        if (e->seen - e->position < n)
            cpu_relax();
    }
    return fill < most ? fill : most;
}

static void raw_put(struct raw_end *e, const struct load *load, uint64_t n)
{
    /* Locals, as for all that the compiler knows the frames might be stored into *e. */
    struct raw_ring *ring = e->ring;
    uint8_t *payloads = e->payloads;
    uint64_t mask = e->mask, stride = e->stride, number = e->number, bytes = load->payload;
    uint64_t from = e->position, to = from + n;
    for (uint64_t i = from; i < to; i++) {
        payload_write(payloads + (i & mask) * stride, bytes, number++);
        ring->descriptors[i & mask] = (struct raw_descriptor){(i & mask) * stride, bytes};
    }
    e->number = number;
    e->position = to;
    au64_store_release(&ring->tail, to);
}

static uint64_t raw_take(struct raw_end *e, uint64_t n)
{
    const struct raw_descriptor *descriptors = e->ring->descriptors;
    const uint8_t *payloads = e->payloads;
    uint64_t mask = e->mask, sum = 0;
    uint64_t from = e->position, to = from + n;
    for (uint64_t i = from; i < to; i++)
        sum += payload_sum(payloads + descriptors[i & mask].payload, descriptors[i & mask].size);
    e->position = to;
    au64_store_release(&e->ring->head, to);
    return sum;
}

static void raw_send(void *way, const struct load *load, uint32_t sender)
{
    (void)sender;
    struct raw_end e = raw_end(way, load, 0);
    uint64_t least = load->batch == AS_THEY_COME ? 1 : load->batch;
    uint64_t most = load_most(load);
    while (e.position < load->frames) {
        uint64_t left = load->frames - e.position;
        raw_put(&e, load, raw_room(&e, least, most < left ? most : left));
    }
}

static uint64_t raw_receive(void *way, const struct load *load, uint32_t receiver)
{
    (void)receiver;
    struct raw_end e = raw_end(way, load, 0);
    uint64_t least = load->batch == AS_THEY_COME ? 1 : load->batch;
    uint64_t most = load_most(load);
    uint64_t sum = 0;
    while (e.position < load->frames)
        sum += raw_take(&e, raw_fill(&e, least, most));
    return sum;
}

static uint64_t raw_rally(void *way, const struct load *load, uint32_t side, uint32_t *ns)
{
    struct raw_end out = raw_end(way, load, side);
    struct raw_end in = raw_end(way, load, !side);
    uint64_t sum = 0;
    for (uint64_t i = 0; i < load->frames; i++) {
        uint64_t start = side ? 0 : clock_monotonic();
        for (int step = 0; step < 2; step++) {
            if (step != (int)side)
                sum += raw_take(&in, raw_fill(&in, 1, 1));
            else
                raw_put(&out, load, raw_room(&out, 1, 1));
        }
        if (!side)
            ns[i] = (uint32_t)(clock_monotonic() - start);
    }
    return sum;
}

const struct way way_raw_ring = {
    .name = "raw array (the limit)",
    .rate = 5e7,
    .side_max = 1,
    .open = raw_open,
    .send = raw_send,
    .receive = raw_receive,
    .rally = raw_rally,
    .close = raw_close,
};
