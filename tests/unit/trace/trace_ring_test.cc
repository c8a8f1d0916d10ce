// The ring of events: the host reads what was written, in order, or learns how much it has missed.
#include <gtest/gtest.h>

#include <sys/mman.h>
#include <unistd.h>

#include <vector>

#include "child.h"
#include "rings.h"
#include "stepped.h"
#include "sweep.h"

using namespace rings;

TEST(TraceRing, EventsAreReadInTheOrderInWhichTheyWereWritten)
{
    Rings rings(2);
    uint64_t next = 0, lost = 0;
    for (uint64_t i = 0; i < 100; i++)
        Add(rings.Ring(1), i);
    EXPECT_EQ(ReadAll(rings.Ring(1), &next, &lost), 100u);
    EXPECT_EQ(ReadAll(rings.Ring(1), &next, &lost), 0u);
    Add(rings.Ring(1), 100);
    EXPECT_EQ(ReadAll(rings.Ring(1), &next, &lost), 1u);
    EXPECT_EQ(lost, 0u);
    next = 0;
    EXPECT_EQ(ReadAll(rings.Ring(0), &next, &lost), 0u) << "written to by nobody";
}

TEST(TraceRing, AFullRingIsReadWholeAndNothingIsMissing)
{
    Rings rings(1);
    uint64_t next = 0, lost = 0;
    for (uint64_t i = 0; i < TRACE_EVENTS; i++)
        Add(rings.Ring(), i);
    EXPECT_EQ(ReadAll(rings.Ring(), &next, &lost), uint64_t{TRACE_EVENTS});
    EXPECT_EQ(lost, 0u);
}

TEST(TraceRing, WhoReadsTooLateLearnsHowManyEventsAreMissing)
{
    Rings rings(1);
    uint64_t next = 0, lost = 0, all = 3 * TRACE_EVENTS + 7;
    for (uint64_t i = 0; i < all; i++)
        Add(rings.Ring(), i);
    uint64_t n = ReadAll(rings.Ring(), &next, &lost);
    EXPECT_GT(n, 0u);
    EXPECT_EQ(n + lost, all);
}

TEST(TraceRing, AWorkerThatIsKilledAtAnyInstructionLeavesARingThatItsSuccessorGoesOnWith)
{
    if (!Stepped::Works())
        GTEST_SKIP() << "no stepping here";
    Rings rings(1);
    trace_ring *ring = rings.Ring();
    const uint64_t before = TRACE_EVENTS + 2; /* so that it writes over one that was read */
    for (uint64_t i = 0; i < before; i++)
        Add(ring, i);
    const std::vector<Region> written = {{&ring->head, 64}, {&ring->entries[before % TRACE_EVENTS], 64}};
    SweepHooks hooks;
    hooks.state = [&](uint64_t step) {
        uint64_t next = before, lost = 0, n = ReadAll(ring, &next, &lost);
        EXPECT_LE(n, 1u) << step;
        Add(ring, before + n);
        EXPECT_EQ(ReadAll(ring, &next, &lost), 1u) << step;
        EXPECT_EQ(lost, 0u) << step;
    };
    SweepResult result = Sweep(
        written, written,
        [&] {
            Stepped::Mark();
            Add(ring, before);
            return 0;
        },
        hooks);
    EXPECT_GE(result.states, 6u) << "number, four words and the head";
}

TEST(TraceRing, AReaderThatIsOverrunAtAnyInstructionTakesNothingForAnEventThatIsNone)
{
    if (!Stepped::Works())
        GTEST_SKIP() << "no stepping here";
    Rings rings(1);
    trace_ring *ring = rings.Ring();
    enum : int { OF_ANOTHER = 2 };
    uint64_t written = 0;
    int taken = 0, missed = 0;
    Stepped::Round round;
    round.before = [&] { Add(ring, written++); };
    round.body = [&] {
        trace_event e;
        uint64_t next = written - 1, lost = 0;
        Stepped::Mark();
        if (!trace_next(ring, &next, &e, &lost))
            return 1;
        return Is(e, next - 1) ? 0 : OF_ANOTHER;
    };
    round.moment = [&] {
        for (int i = 0; i < TRACE_EVENTS; i++)
            Add(ring, written++);
    };
    round.after = [&](int result) {
        EXPECT_NE(result, int{OF_ANOTHER});
        taken += result == 0;
        missed += result == 1;
    };
#if defined(__SANITIZE_ADDRESS__)
    const int stride = 11; /* the sanitizer's own instructions are most of them */
#else
    const int stride = 1;
#endif
    Stepped::AtEachInstruction(round, stride);
    EXPECT_GT(taken, 0);
    EXPECT_GT(missed, 0);
}

TEST(TraceRing, WhateverAPluginHasWrittenThereTheHostComesToAnEnd)
{
    Rings rings(1);
    trace_ring *ring = rings.Ring();
    trace_event e;
    for (uint64_t head : {UINT64_MAX, UINT64_MAX / 2, uint64_t{5}, uint64_t{0}}) {
        uint64_t next = 1000, lost = 0;
        ring->head.word = head;
        int n = 0;
        while (trace_next(ring, &next, &e, &lost))
            n++;
        EXPECT_LE(n, TRACE_EVENTS);
        EXPECT_EQ(next, head);
    }
    ring->head.word = 1;
    ring->entries[0] = {{1}, {7}, {UINT64_MAX}, {0}};
    uint64_t next = 0, lost = 0;
    EXPECT_EQ(trace_next(ring, &next, &e, &lost), 0) << "an event of no kind";
    EXPECT_EQ(lost, 1u);
}

TEST(TraceRing, AWorkerCanWriteToItsOwnRingAlone)
{
    Rings rings(3);
    auto store = [&](uint32_t slot) {
        return Child([&rings, slot] {
                   trace_shield(rings.trace, 1);
                   Add(rings.Ring(slot), 0);
                   return 0;
               })
            .Wait();
    };
    EXPECT_EQ(store(1), 0);
    EXPECT_NE(store(0), 0);
    EXPECT_NE(store(2), 0);
    EXPECT_NE(Child([&] {
                  trace_shield(rings.trace, 1);
                  rings.trace->sample.word = 1;
                  return 0;
              }).Wait(),
              0);
}

TEST(TraceRing, RingsThatNobodyUsesTakeNoMemory)
{
    Rings rings(1000);
    std::vector<unsigned char> resident(rings.trace->bytes / static_cast<size_t>(sysconf(_SC_PAGESIZE)) + 1);
    ASSERT_EQ(mincore(rings.trace, rings.trace->bytes, resident.data()), 0);
    size_t pages = 0;
    for (unsigned char page : resident)
        pages += page & 1;
    EXPECT_LE(pages, 1u);
}
