/* DPDK: an rte_ring for any number of producers and consumers that carries pointers to blocks, and for the blocks
 * either an rte_mempool with a cache a process, or a second such ring of free ones. A block is the size of its payload
 * in a word, then the payload. Ring, pool and caches are DPDK's own; the blocks lie on the same pages as everybody's.
 */
#include "rte_ways.h"

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_mempool.h>
#include <rte_ring.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#undef NS_PER_S /* theirs; clock.h has the same */

#include "clock.h"
#include "payload.h"
#include "shared.h"

enum { CACHE_MAX = 256, HEADER = 8 };

struct rte_way {
    struct shared shared;
    struct rte_ring *data, *back; /* back: of a rally */
    struct rte_ring *free;        /* or a pool, with a cache for each process */
    struct rte_mempool *pool;
    struct rte_mempool_cache *caches[2 * SIDE_WORKERS_MAX];
};

/* A process's view. */
struct rte_side {
    struct rte_way *way;
    struct rte_mempool_cache *cache;
    const struct load *load;
    uint64_t number;
};

int rte_ways_init(void)
{
    static char words[][16] = {"bench",          "--no-huge", "--no-shconf", "--no-pci",
                               "--no-telemetry", "-m",        "256",         "--log-level=4"};
    enum { WORDS = sizeof words / sizeof *words };
    char *arguments[WORDS + 1] = {NULL};
    for (int i = 0; i < WORDS; i++)
        arguments[i] = words[i];
    cpu_set_t cpus;
    /* It pins the thread that calls it. */
    int known = sched_getaffinity(0, sizeof cpus, &cpus) == 0;
    int error = rte_eal_init(WORDS, arguments);
    if (known)
        sched_setaffinity(0, sizeof cpus, &cpus);
    return error < 0 ? -1 : 0;
}

static uint64_t stride_of(const struct load *load)
{
    return (HEADER + load->payload + 63) / 64 * 64;
}

static uint32_t processes(const struct load *load)
{
    return load->senders + load->receivers;
}

static uint32_t cache_size(const struct load *load)
{
    return load->queue / 4 < CACHE_MAX ? load->queue / 4 : CACHE_MAX;
}

/* All that may be on its way, in hands and in caches, which hold up to one and a half times their size. */
static uint32_t blocks(const struct load *load)
{
    uint32_t in_hand = load->batch == AS_THEY_COME ? cache_size(load) : load->batch;
    return (load->is_rally ? 2 : 1) * load->queue + processes(load) * (in_hand + 2 * cache_size(load));
}

static struct rte_ring *ring(const char *name, uint32_t count)
{
    return rte_ring_create(name, count, SOCKET_ID_ANY, RING_F_EXACT_SZ);
}

static void rte_way_close(void *way)
{
    struct rte_way *w = way;
    rte_ring_free(w->data);
    rte_ring_free(w->back);
    rte_ring_free(w->free);
    for (uint32_t i = 0; i < 2 * SIDE_WORKERS_MAX; i++)
        if (w->caches[i])
            rte_mempool_cache_free(w->caches[i]);
    rte_mempool_free(w->pool);
    shared_close(&w->shared);
    free(w);
}

static struct rte_way *rte_way_open(const struct load *load, uint64_t memory)
{
    struct rte_way *w = calloc(1, sizeof *w);
    if (!w)
        return NULL;
    if (shared_open(&w->shared, memory, load->senders) != 0) {
        free(w);
        return NULL;
    }
    w->data = ring("data", load->queue);
    w->back = ring("back", load->queue);
    if (w->data && w->back)
        return w;
    rte_way_close(w);
    return NULL;
}

static void *free_ring_open(const struct load *load)
{
    uint32_t n = blocks(load);
    struct rte_way *w = rte_way_open(load, n * stride_of(load));
    if (!w || !(w->free = ring("free", n))) {
        if (w)
            rte_way_close(w);
        return NULL;
    }
    for (uint32_t i = 0; i < n; i++)
        rte_ring_enqueue(w->free, w->shared.memory + i * stride_of(load));
    return w;
}

static void *mempool_open(const struct load *load)
{
    struct rte_mempool_objsz size;
    uint32_t n = blocks(load);
    uint32_t object = (uint32_t)(HEADER + load->payload);
    uint64_t memory = (uint64_t)(n + 1) * rte_mempool_calc_obj_size(object, 0, &size);
    memory *= 2; /* it lets no object cross the end of a small page */
    struct rte_way *w = rte_way_open(load, memory);
    if (!w)
        return NULL;
    w->pool = rte_mempool_create_empty("pool", n, object, 0, 0, SOCKET_ID_ANY, 0);
    int ok = w->pool && rte_mempool_set_ops_byname(w->pool, "ring_mp_mc", NULL) == 0 &&
             rte_mempool_populate_iova(w->pool, (char *)w->shared.memory, RTE_BAD_IOVA, memory, NULL, NULL) >= (int)n;
    for (uint32_t i = 0; i < processes(load) && ok; i++) {
        w->caches[i] = cache_size(load) >= 16 ? rte_mempool_cache_create(cache_size(load), SOCKET_ID_ANY) : NULL;
        ok = w->caches[i] || cache_size(load) < 16;
    }
    if (ok)
        return w;
    fprintf(stderr, "rte_mempool: %s\n", rte_strerror(rte_errno));
    rte_way_close(w);
    return NULL;
}

static void get_blocks(const struct rte_side *s, void **to, uint32_t n)
{
    const struct rte_way *w = s->way;
    if (w->pool) {
        while (rte_mempool_generic_get(w->pool, to, n, s->cache) != 0)
            shared_pause(s->load->crowded);
    } else {
        while (rte_ring_dequeue_bulk(w->free, to, n, NULL) == 0)
            shared_pause(s->load->crowded);
    }
}

static void put_blocks(const struct rte_side *s, void **from, uint32_t n)
{
    if (s->way->pool)
        rte_mempool_generic_put(s->way->pool, from, n, s->cache);
    else
        rte_ring_enqueue_bulk(s->way->free, from, n, NULL);
}

/* Writes n frames into blocks that were got. */
static void fill(struct rte_side *s, void **at, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        uint64_t *block = at[i];
        *block = s->load->payload;
        payload_write(block + 1, s->load->payload, s->number++);
    }
}

static uint64_t read_all(void **at, uint32_t n)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < n; i++) {
        const uint64_t *block = at[i];
        sum += payload_sum(block + 1, *block);
    }
    return sum;
}

static struct rte_side side_of(struct rte_way *w, const struct load *load, uint32_t process)
{
    return (struct rte_side){.way = w, .cache = w->caches[process], .load = load};
}

static void rte_send(void *way, const struct load *load, uint32_t sender)
{
    struct rte_side s = side_of(way, load, sender);
    void *at[BATCH_MAX];
    while (s.number < load->frames) {
        uint64_t left = load->frames - s.number;
        uint32_t n = load->batch;
        if (n == AS_THEY_COME) {
            while ((n = rte_ring_free_count(s.way->data)) == 0)
                shared_pause(load->crowded);
            n = n < cache_size(load) ? n : cache_size(load);
            n = n < left ? n : (uint32_t)left;
        }
        get_blocks(&s, at, n);
        fill(&s, at, n);
        while (rte_ring_enqueue_bulk(s.way->data, at, n, NULL) == 0)
            shared_pause(load->crowded);
    }
    shared_end(&s.way->shared);
}

static uint64_t rte_receive(void *way, const struct load *load, uint32_t receiver)
{
    struct rte_side s = side_of(way, load, load->senders + receiver);
    void *at[BATCH_MAX];
    uint64_t sum = 0;
    for (;;) {
        uint32_t n = load->batch == AS_THEY_COME ? rte_ring_dequeue_burst(s.way->data, at, BATCH_MAX, NULL)
                                                 : rte_ring_dequeue_bulk(s.way->data, at, load->batch, NULL);
        if (n == 0) {
            if (shared_has_ended(&s.way->shared) && rte_ring_empty(s.way->data))
                return sum;
            shared_pause(load->crowded);
            continue;
        }
        sum += read_all(at, n);
        put_blocks(&s, at, n);
    }
}

static void rally_send(struct rte_side *s, struct rte_ring *to)
{
    void *block;
    get_blocks(s, &block, 1);
    fill(s, &block, 1);
    while (rte_ring_enqueue(to, block) != 0)
        cpu_relax();
}

static uint64_t rally_receive(const struct rte_side *s, struct rte_ring *from)
{
    void *block;
    while (rte_ring_dequeue(from, &block) != 0)
        cpu_relax();
    uint64_t sum = read_all(&block, 1);
    put_blocks(s, &block, 1);
    return sum;
}

static uint64_t rte_rally(void *way, const struct load *load, uint32_t side, uint32_t *ns)
{
    struct rte_side s = side_of(way, load, side);
    uint64_t sum = 0;
    for (uint64_t i = 0; i < load->frames; i++) {
        if (side) {
            sum += rally_receive(&s, s.way->data);
            rally_send(&s, s.way->back);
        } else {
            uint64_t start = clock_monotonic();
            rally_send(&s, s.way->data);
            sum += rally_receive(&s, s.way->back);
            ns[i] = (uint32_t)(clock_monotonic() - start);
        }
    }
    return sum;
}

const struct way way_rte_free_ring = {
    .name = "DPDK rte_ring, free ring",
    .rate = 1e7,
    .side_max = SIDE_WORKERS_MAX,
    .open = free_ring_open,
    .send = rte_send,
    .receive = rte_receive,
    .rally = rte_rally,
    .close = rte_way_close,
};
const struct way way_rte_mempool = {
    .name = "DPDK rte_ring, rte_mempool",
    .rate = 1e7,
    .side_max = SIDE_WORKERS_MAX,
    .open = mempool_open,
    .send = rte_send,
    .receive = rte_receive,
    .rally = rte_rally,
    .close = rte_way_close,
};
