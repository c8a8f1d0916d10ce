/* The machine's limit: a ring for one producer and one consumer, 16-byte descriptors and the payloads in arrays, and
 * nothing else: no allocation, no second reader, no sleeping, and whoever dies takes his batch with him.
 */
#include "duel.h"

#include <stddef.h>
#include <sys/mman.h>

#include "atomic.h"

enum { SLOTS = 1024, BATCH = 256 };

struct raw_descriptor {
    uint64_t payload; /* index */
    uint64_t size;
};

struct raw_ring {
    au64 tail;
    uint8_t pad0[56];
    au64 head;
    uint8_t pad1[56];
    struct raw_descriptor descriptors[SLOTS];
    uint64_t payloads[SLOTS][FRAME_WORDS];
};

static void *raw_open(void)
{
    void *p =
        mmap(NULL, sizeof(struct raw_ring), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

static void raw_close(void *way)
{
    munmap(way, sizeof(struct raw_ring));
}

static void raw_send(void *way, uint64_t frames)
{
    struct raw_ring *r = way;
    for (uint64_t tail = 0; tail < frames;) {
        uint64_t room = SLOTS - (tail - au64_acquire(&r->head));
        uint64_t n = room < BATCH ? room : BATCH;
        n = n < frames - tail ? n : frames - tail;
        for (uint64_t i = tail; i < tail + n; i++) {
            frame_write(r->payloads[i % SLOTS], i);
            r->descriptors[i % SLOTS] = (struct raw_descriptor){i % SLOTS, FRAME_BYTES};
        }
        tail += n;
        if (n)
            au64_store_release(&r->tail, tail);
        else
            cpu_relax();
    }
}

static uint64_t raw_receive(void *way, uint64_t frames)
{
    struct raw_ring *r = way;
    uint64_t sum = 0;
    for (uint64_t head = 0; head < frames;) {
        uint64_t n = au64_acquire(&r->tail) - head;
        n = n < BATCH ? n : BATCH;
        for (uint64_t i = head; i < head + n; i++)
            sum += frame_sum(r->payloads[r->descriptors[i % SLOTS].payload]);
        head += n;
        if (n)
            au64_store_release(&r->head, head);
        else
            cpu_relax();
    }
    return sum;
}

const struct way way_raw_ring = {
    .name = "raw ring in shared memory",
    .frames = 20000000,
    .open = raw_open,
    .send = raw_send,
    .receive = raw_receive,
    .close = raw_close,
};
