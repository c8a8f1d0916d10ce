/* A duel: processes that send hand frames to processes that receive, senders on one CPU and receivers on another, by
 * one of several ways. All ways do the same work: take a block, write every byte of the payload, hand the block over,
 * read every byte, release the block.
 */
#ifndef DUEL_H
#define DUEL_H

#include <stdint.h>

enum { AS_THEY_COME = 0, BATCH_MAX = 256, SIDE_WORKERS_MAX = 4, RALLY_MAX = 100000 };

/* What is carried. */
struct load {
    uint64_t payload; /* bytes of a frame, a multiple of 8 */
    uint64_t frames;  /* that each sender sends, a multiple of BATCH_MAX. Of a rally: round trips */
    uint32_t batch;   /* frames that are handed over at once; AS_THEY_COME: whatever is there, BATCH_MAX at most */
    uint32_t queue;   /* frames that may be on their way, a power of two */
    uint32_t senders, receivers;
    int is_rally; /* 1: one frame to and fro */
    int crowded;  /* 1: more processes than CPUs, so who spins lets others run */
};

/* A way to hand frames on. */
struct way {
    const char *name;
    double rate;          /* frames of 64 bytes a second, roughly: how many to send in the first run */
    uint32_t side_max;    /* senders and receivers that it can have at most */
    uint64_t payload_max; /* 0: none */
    int ignores_batch;    /* 1: its batch is its own */
    void *(*open)(const struct load *load); /* what all processes have of it; NULL: it cannot be had */
    void (*send)(void *way, const struct load *load, uint32_t sender);
    uint64_t (*receive)(void *way, const struct load *load, uint32_t receiver); /* the sum of all words */
    /* One frame to and fro, load->frames times. Side 0 serves, and notes the nanoseconds of each round trip. Returns
     * the sum of what came back or, side 1, of what came. NULL: it has no way back. */
    uint64_t (*rally)(void *way, const struct load *load, uint32_t side, uint32_t *ns);
    void (*close)(void *way);
};

struct duel_cpus {
    int sender, receiver;
};

/* The first two CPUs that this process may use; the same one twice if it may use one only. */
struct duel_cpus duel_cpus(void);

/* This process, to one CPU. */
void duel_pin(int cpu);

struct duel_result {
    double rate;   /* frames a second; negative: the way cannot be had, or a frame was lost */
    double cpu_ns; /* of all processes, a frame */
    double trip_ns, trip_p99_ns;
};

struct duel_result duel_run(const struct way *way, const struct load *load, struct duel_cpus cpus);

/* Nanoseconds that a cache line takes from one CPU to the other and back. */
double duel_distance(struct duel_cpus cpus);

static inline uint32_t load_most(const struct load *load)
{
    return load->batch == AS_THEY_COME ? BATCH_MAX : load->batch;
}

#endif
