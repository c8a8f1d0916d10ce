/* A duel: one process hands frames to another, each on a CPU of its own, by one of several ways.
 *
 * A frame is 64 bytes: eight words, of which word k of frame i is i + k. The reader adds up all of them, and the sum is
 * checked: nobody wins by not carrying the bytes.
 */
#ifndef DUEL_H
#define DUEL_H

#include <stdint.h>

enum { FRAME_BYTES = 64, FRAME_WORDS = FRAME_BYTES / 8 };

/* A way to hand frames on. */
struct way {
    const char *name;
    uint64_t frames;                                 /* of a run, so that it takes about half a second */
    void *(*open)(void);                             /* what both processes have of it; NULL: it cannot be had */
    void (*send)(void *way, uint64_t frames);        /* in one process */
    uint64_t (*receive)(void *way, uint64_t frames); /* in the other: the sum of all words */
    void (*close)(void *way);
};

extern const struct way way_raw_ring, way_transaction, way_workers, way_pipe, way_pipe_batched, way_socket;

struct duel_cpus {
    int sender, receiver;
};

/* The first two CPUs that this process may use; the same one twice if it may use one only. */
struct duel_cpus duel_cpus(void);

/* Frames a second, or a negative number: it cannot be had, or a frame was lost. */
double duel_run(const struct way *way, struct duel_cpus cpus);

/* Nanoseconds that a cache line takes from one CPU to the other and back. */
double duel_distance(struct duel_cpus cpus);

/* Writes and reads a frame's words. */
static inline void frame_write(uint64_t *words, uint64_t number)
{
    for (uint64_t k = 0; k < FRAME_WORDS; k++)
        words[k] = number + k;
}

static inline uint64_t frame_sum(const uint64_t *words)
{
    uint64_t sum = 0;
    for (uint64_t k = 0; k < FRAME_WORDS; k++)
        sum += words[k];
    return sum;
}

#endif
