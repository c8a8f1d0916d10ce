// Ceilings: when more workers only make frames wait longer.
extern "C" {
#include "ceiling.h"
}

#include <gtest/gtest.h>

namespace
{

const level BEFORE = {100, 20, 0.05, 0.6,
                      0}; // frames, busy workers, CPU and waiting a frame, workers in wait for a turn

ceiling_finding Learn(const level &after)
{
    ceiling c = {};
    return ceiling_learn(&c, &BEFORE, &after, 0);
}

} // namespace

TEST(Ceiling, FramesThatWaitLongerInProportionToTheWorkersHaveFoundOne)
{
    EXPECT_EQ(Learn({100, 40, 0.05, 1.25, 0}), CEILING_NEW);
}

TEST(Ceiling, FramesThatTakeNoLongerHaveNot)
{
    EXPECT_EQ(Learn({100, 40, 0.05, 0.6, 0}), CEILING_NOT_SEEN);
}

TEST(Ceiling, FramesWhoseCpuTimeGrewAsMuchHaveBecomeDearer)
{
    EXPECT_EQ(Learn({100, 40, 0.10, 1.2, 0}), CEILING_NOT_SEEN);
}

TEST(Ceiling, FramesThatWaitFarLongerThanInProportionHaveBecomeDearer)
{
    EXPECT_EQ(Learn({100, 26, 0.05, 2.1, 0}), CEILING_NOT_SEEN);
}

TEST(Ceiling, OneThatWasRefutedIsNotBelievedSoonAgain)
{
    const level after = {100, 40, 0.05, 1.25, 0};
    ceiling c = {};
    ceiling_refute(&c, 0);
    EXPECT_EQ(ceiling_learn(&c, &BEFORE, &after, 50 * 1000000000ull), CEILING_NOT_SEEN);
    EXPECT_EQ(ceiling_learn(&c, &BEFORE, &after, 100 * 1000000000ull), CEILING_NEW);
}

TEST(Ceiling, OneThatHasEndedIsDoubledWhenMoreWorkersGiveMore)
{
    const level slow = {100, 40, 0.05, 1.25, 0}, fast = {100, 40, 0.05, 0.6, 0};
    const uint64_t later = 30 * 1000000000ull;
    ceiling c = {};
    ASSERT_EQ(ceiling_learn(&c, &BEFORE, &slow, 0), CEILING_NEW);
    uint32_t was = c.workers;
    EXPECT_LT(ceiling_limit(&c, 1000, later), 2 * was);
    EXPECT_EQ(ceiling_learn(&c, &BEFORE, &fast, later), CEILING_RAISED);
    EXPECT_GE(ceiling_limit(&c, 1000, later), 2 * was);
    EXPECT_EQ(ceiling_learn(&c, &BEFORE, &fast, later), CEILING_NOT_SEEN) << "not twice for one look";
    EXPECT_LT(ceiling_limit(&c, 1000, later), 3 * was) << "a little more is no proof that hundreds are of use";
}

// Of its workers, two in three wait until the frames before theirs are done.
TEST(Ceiling, OfAnOrderedStageLeavesWorkersForTheTurns)
{
    const level even = {100, 40, 0.05, 1.25, 0}, ordered = {100, 40, 0.05, 1.25, 80};
    ceiling a = {}, b = {};
    ASSERT_EQ(ceiling_learn(&a, &BEFORE, &even, 0), CEILING_NEW);
    ASSERT_EQ(ceiling_learn(&b, &BEFORE, &ordered, 0), CEILING_NEW);
    EXPECT_GE(b.workers, 2.5 * a.workers);
}
