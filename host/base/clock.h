/* The time, in nanoseconds. Policy never calls this: it is handed the time, so that tests can hand it any. */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>
#include <time.h>

#define NS_PER_US 1000ull
#define NS_PER_MS 1000000ull
#define NS_PER_S 1000000000ull

static inline uint64_t clock_now(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

/* Since some start; never goes back. */
static inline uint64_t clock_monotonic(void)
{
    return clock_now(CLOCK_MONOTONIC);
}

/* The same time as it was at the kernel's last tick, so up to 10 ms late, at a fifth of the cost: for what is asked at
 * every frame. */
static inline uint64_t clock_coarse(void)
{
    return clock_now(CLOCK_MONOTONIC_COARSE);
}

/* Seconds from one time to the other; 0 the other way round. */
static inline double clock_seconds(uint64_t from_ns, uint64_t to_ns)
{
    return to_ns > from_ns ? (double)(to_ns - from_ns) / (double)NS_PER_S : 0;
}

#endif
