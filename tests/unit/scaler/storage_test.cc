// Breaks of the source, and what it takes to go on through them.
extern "C" {
#include "storage.h"
}

#include <gtest/gtest.h>

#include <cmath>

namespace
{

// The source has input for on_s, then none for off_s, again and again; it makes 100 frames a second meanwhile.
breaks Seen(double on_s, double off_s, int cycles)
{
    breaks b = {};
    for (int i = 0; i < cycles; i++) {
        for (double t = 0; t < on_s; t += 0.5)
            breaks_update(&b, 0, 50, 0.5);
        for (double t = 0; t < off_s; t += 0.5)
            breaks_update(&b, 1, 0, 0.5);
    }
    breaks_update(&b, 0, 50, 0.5);
    return b;
}

// Two stages: a source, and a stage that takes nearly all of the CPU time.
struct Two {
    Two(double source_s, double stage_s, uint32_t most, uint32_t ring)
    {
        m.n_stages = 2;
        m.cpus = 8;
        m.demand = HUGE_VAL;
        m.memory = UINT64_MAX;
        m.stages[0] = {1, source_s, 0, 0, 0, 1, 1, most, 0};
        m.stages[1] = {1, stage_s, 0, 0, 0, 1, 1, 100, 0};
        stages[0] = {0, 1, most, 0, 0, 0};
        stages[1] = {1, 1, 100, 0, ring, 1};
    }

    void Plan(const breaks &b)
    {
        workers[0] = workers[1] = 1;
        for (int i = 0; i < 10; i++) {
            m.stages[0].boost = m.stages[1].boost = 1;
            m.demand = HUGE_VAL;
            storage_boost(&b, stages, workers, &m);
            model_plan(&m, &p);
            storage_plan(&b, stages, &m, &p, workers);
        }
    }

    model m = {};
    plan p = {};
    scaler_stage stages[2];
    uint32_t workers[2];
};

} // namespace

TEST(Breaks, AreKnownAfterTheFirstWithTheirLengthAndTheTimeBetween)
{
    breaks none = Seen(5, 0, 3), b = Seen(5, 3, 4);
    EXPECT_FALSE(breaks_are_known(&none));
    ASSERT_TRUE(breaks_are_known(&b));
    EXPECT_NEAR(b.off_s, 3, 0.01);
    EXPECT_NEAR(b.on_s, 5, 0.01);
    EXPECT_NEAR(b.rate, 100 * 5 / 8.0, 3);
}

TEST(Breaks, OfMinutesAreNotBridged)
{
    breaks b = Seen(5, 100, 2);
    EXPECT_FALSE(breaks_are_known(&b));
}

TEST(Breaks, AStartWithoutInputIsNone)
{
    breaks b = Seen(0, 5, 1);
    EXPECT_FALSE(breaks_are_known(&b));
}

TEST(Breaks, AreForgottenWhenThereAreNoMore)
{
    breaks b = Seen(5, 3, 4);
    for (int i = 0; i < 100; i++)
        breaks_update(&b, 0, 50, 0.5);
    EXPECT_FALSE(breaks_are_known(&b));
}

TEST(Breaks, SayWhenOneHasEndedAndHowLongThereWasNoInputInAll)
{
    breaks b = Seen(5, 3, 4); // and a tick with input
    EXPECT_TRUE(b.has_ended);
    EXPECT_NEAR(b.without_s, 12, 0.01);
    breaks_update(&b, 0, 50, 0.5);
    EXPECT_FALSE(b.has_ended);
    breaks_update(&b, 1, 0, 0.5);
    EXPECT_FALSE(b.has_ended);
    EXPECT_NEAR(b.without_s, 12.5, 0.01);
}

TEST(Storage, WithoutBreaksNothingIsStored)
{
    Two two(0.001, 0.08, 50, 16);
    two.Plan(breaks{});
    EXPECT_EQ(two.workers[0], two.p.workers[0]);
    EXPECT_EQ(two.workers[1], two.p.workers[1]);
    EXPECT_EQ(two.m.stages[0].boost, 1);
}

TEST(Storage, WorkersStoreWhatTheRingDoesNot)
{
    // 8 cores, 0.081 s a frame: 98 frames a second, 394 in a break.
    Two small(0.001, 0.08, 500, 16), large(0.001, 0.08, 500, 1024);
    breaks b = Seen(6, 4, 4);
    small.Plan(b);
    large.Plan(b);
    EXPECT_GE(small.workers[0], 250u);
    EXPECT_LE(large.workers[0], 4u);
    EXPECT_NEAR(small.p.rate, 98, 10);
}

TEST(Storage, NoMoreThanTheMemoryAllows)
{
    Two two(0.001, 0.08, 500, 16);
    two.m.memory = 100;
    two.m.stages[0].worker_bytes = two.m.stages[1].worker_bytes = 1;
    two.Plan(Seen(6, 4, 4));
    EXPECT_LE(two.workers[0] + two.workers[1], 100u);
    EXPECT_GE(two.workers[0], 20u);
}

TEST(Storage, TheSourceIsSizedForTheWholeRateInTheTimeWithInput)
{
    Two two(0.010, 0.030, 500, 4096); // in 6 of 10 s all that 8 cores finish in 10
    two.Plan(Seen(6, 4, 4));
    EXPECT_NEAR(two.m.stages[0].boost, 10 / 6.0, 0.05);
    EXPECT_GE(two.workers[0], std::ceil(two.p.rate * 0.010 * 10 / 6));
}

// The ring would hold the work of more than a cycle, but while there is input the stage does most of it at once.
TEST(Storage, WhatAStageDoesInABreakIsWhatItDoesInSuchATimeAnyway)
{
    Two two(0.2, 0.6, 500, 4096); // of 32 s on the cores in the break 10 * 4 frames of 0.6 s are there
    breaks b = Seen(6, 4, 4);
    b.rate = 8;
    two.Plan(b);
    EXPECT_GE(two.workers[0], 12u);
}

// Behind the source 256 frames are stored: 3 s of what all of the cores could do, a break of what memory allows.
TEST(Storage, WhatMemoryHoldsDownIsSizedForTheRateThatItAllows)
{
    Two two(0.17, 0.1, 264, 256);
    two.m.cpus = 64;
    two.m.memory = 28000;
    two.m.stages[0].worker_bytes = 266;
    two.m.stages[1].worker_bytes = 349;
    two.m.stages[1].wait_s = 0.9;
    two.m.stages[1].limit = two.stages[1].max = 264;
    two.Plan(Seen(4, 5, 4));
    ASSERT_EQ(two.p.bound, BOUND_MEMORY);
    EXPECT_LE(two.m.stages[1].boost, 1.1);
    EXPECT_GE(two.p.rate, 51);
}

TEST(Storage, ASourceThatMayHaveNoMoreWorkersIsNotCrowdedOut)
{
    Two alone(0.008, 0.080, 1, 4096); // needs a whole core
    breaks b = Seen(6, 4, 4);
    alone.Plan(b);
    Two usual(0.008, 0.080, 1, 4096);
    usual.Plan(breaks{});
    EXPECT_LT(alone.workers[1], usual.workers[1]);
}

TEST(Storage, MemoryThatIsShortIsForTheRateAlone)
{
    Two two(0.010, 0.030, 500, 16);
    two.m.memory = 6;
    two.m.stages[0].worker_bytes = two.m.stages[1].worker_bytes = 1;
    two.Plan(Seen(6, 4, 4));
    ASSERT_EQ(two.p.bound, BOUND_MEMORY);
    EXPECT_EQ(two.workers[0], two.p.workers[0]);
    EXPECT_EQ(two.workers[1], two.p.workers[1]);
}

// A chain of three: its second stage may have one worker only, 20 ms a frame, and is not the slowest of all.
TEST(Storage, FramesAreHeldBeforeEachStageThatIsTooSlowToDoAllBetweenBreaks)
{
    model m = {};
    m.n_stages = 3;
    m.cpus = 8;
    m.memory = UINT64_MAX;
    const scaler_stage stages[] = {{0, 1, 500, 0, 0, 0}, {1, 1, 1, 0, 16, 1}, {2, 1, 1, 0, 1024, 2}};
    uint32_t workers[] = {1, 1, 1};
    breaks b = Seen(6, 4, 4);
    for (int i = 0; i < 10; i++) {
        m.demand = HUGE_VAL;
        m.stages[0] = {1, 0.001, 0, 0, 0, 1, 1, 500, 0};
        m.stages[1] = {1, 0.001, 0.019, 0, 0, 1, 1, 1, 0}; // 50 a second
        m.stages[2] = {1, 0.001, 0.021, 0, 0, 1, 1, 1, 0}; // 45 a second, with room for a break's in its ring
        plan p;
        storage_boost(&b, stages, workers, &m);
        model_plan(&m, &p);
        storage_plan(&b, stages, &m, &p, workers);
    }
    EXPECT_GE(workers[0], 100u) << "45 a second are 450 a cycle, of which the second stage does 300 with input";
}

// What the source has in hand is half done, and the rest of it keeps the cores busy in a break.
TEST(Storage, ASourceThatTakesNearlyAllOfTheCpuHoldsFramesInHand)
{
    Two two(0.96, 0.04, 264, 64); // 8 cores; half of 64 frames is 31 s of them
    breaks b = Seen(6, 4, 4);
    b.rate = 8;
    two.Plan(b);
    EXPECT_GE(two.workers[0], 50u);
}
