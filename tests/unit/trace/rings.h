// Trace rings with events that tell their own number.
#ifndef RINGS_H
#define RINGS_H

#include <gtest/gtest.h>

#include <cstdint>

extern "C" {
#include "trace.h"
}

namespace rings
{

struct Rings {
    explicit Rings(uint32_t n) { EXPECT_EQ(trace_create(n, &trace), 0); }
    Rings(const Rings &) = delete;
    Rings &operator=(const Rings &) = delete;
    ~Rings() { trace_destroy(&trace); }

    trace_ring *Ring(uint32_t slot = 0) const { return trace_ring_of(trace, slot); }

    struct trace *trace = nullptr;
};

// Event i: every field follows from it.
inline trace_event EventOf(uint64_t i)
{
    return {1000 + i, static_cast<trace_kind>(i % TRACE_KINDS), i * 3, ~i};
}

inline void Add(trace_ring *ring, uint64_t i)
{
    trace_event e = EventOf(i);
    trace_add(ring, &e);
}

inline bool Is(const trace_event &e, uint64_t i)
{
    trace_event wanted = EventOf(i);
    return e.at_ns == wanted.at_ns && e.kind == wanted.kind && e.n == wanted.n && e.value == wanted.value;
}

// Reads all there is: each must be one that was written, after those before it. Returns how many.
inline uint64_t ReadAll(const trace_ring *ring, uint64_t *next, uint64_t *lost)
{
    trace_event e;
    uint64_t n = 0;
    while (trace_next(ring, next, &e, lost)) {
        EXPECT_TRUE(Is(e, *next - 1)) << *next;
        n++;
    }
    return n;
}

} // namespace rings

#endif
