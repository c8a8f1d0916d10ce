/* A histogram of durations, log-linear: four buckets a doubling, so a quantile is wrong by an eighth at most, from 64
 * ns to 18 minutes. In shared memory; one writer, who never resets it, so the difference of two copies is a histogram
 * of the time between them, and the sum of several writers' is that of all. The scheme is that of HdrHistogram and of
 * Prometheus' native histograms.
 */
#ifndef HISTOGRAM_H
#define HISTOGRAM_H

#include "atomic.h"

#ifdef __cplusplus
#define HISTOGRAM_ASSERT static_assert
#else
#define HISTOGRAM_ASSERT _Static_assert
#endif

/* Bucket 0 is below 64 ns; the last is open. */
enum {
    HISTOGRAM_FIRST = 6, /* 2^6 ns */
    HISTOGRAM_DOUBLINGS = 34,
    HISTOGRAM_STEPS = 4,
    HISTOGRAM_BUCKETS = HISTOGRAM_DOUBLINGS * HISTOGRAM_STEPS + 2
};

/* Shared memory. */
struct histogram {
    au64 counts[HISTOGRAM_BUCKETS];
    au64 sum_ns;
    uint8_t pad[40];
};
HISTOGRAM_ASSERT(sizeof(struct histogram) % 64 == 0, "whole lines");

/* A copy, or a sum, or a difference. */
struct durations {
    uint64_t counts[HISTOGRAM_BUCKETS];
    uint64_t sum_ns;
};

static inline uint32_t histogram_bucket(uint64_t ns)
{
    if (ns >> HISTOGRAM_FIRST == 0)
        return 0;
    uint32_t doubling = 63u - (uint32_t)__builtin_clzll(ns);
    if (doubling >= HISTOGRAM_FIRST + HISTOGRAM_DOUBLINGS)
        return HISTOGRAM_BUCKETS - 1;
    uint32_t step = (uint32_t)(ns >> (doubling - 2)) & (HISTOGRAM_STEPS - 1);
    return 1 + (doubling - HISTOGRAM_FIRST) * HISTOGRAM_STEPS + step;
}

/* n durations of so many ns each. The only writer. */
static inline void histogram_add(struct histogram *h, uint64_t ns, uint64_t n)
{
    au64 *count = &h->counts[histogram_bucket(ns)];
    au64_store_relaxed(count, au64_relaxed(count) + n);
    au64_store_relaxed(&h->sum_ns, au64_relaxed(&h->sum_ns) + ns * n);
}

/* The bucket's upper bound, which is the next one's lower; ns. UINT64_MAX: the last. */
uint64_t histogram_bound(uint32_t bucket);

/* Any process. */
void durations_add(struct durations *d, const struct histogram *h);
void durations_subtract(struct durations *d, const struct durations *earlier);

uint64_t durations_count(const struct durations *d);

/* The duration that the share `q`, 0 to 1, does not exceed, ns: within its bucket as if they were spread evenly. 0:
 * there is none. */
uint64_t durations_quantile(const struct durations *d, double q);

#endif
