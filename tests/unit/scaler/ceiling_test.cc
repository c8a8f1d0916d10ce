// Ceilings: when more workers only make frames wait longer.
extern "C" {
#include "ceiling.h"
}

#include <gtest/gtest.h>

namespace
{

const level BEFORE = {100, 20, 0.05, 0.6}; // frames, busy workers, CPU and waiting a frame

ceiling_finding Learn(const level &after)
{
    ceiling c = {};
    return ceiling_learn(&c, &BEFORE, &after, 0);
}

} // namespace

TEST(Ceiling, FramesThatWaitLongerInProportionToTheWorkersHaveFoundOne)
{
    EXPECT_EQ(Learn({100, 40, 0.05, 1.25}), CEILING_NEW);
}

TEST(Ceiling, FramesThatTakeNoLongerHaveNot)
{
    EXPECT_EQ(Learn({100, 40, 0.05, 0.6}), CEILING_NOT_SEEN);
}

TEST(Ceiling, FramesWhoseCpuTimeGrewAsMuchHaveBecomeDearer)
{
    EXPECT_EQ(Learn({100, 40, 0.10, 1.2}), CEILING_NOT_SEEN);
}

TEST(Ceiling, FramesThatWaitFarLongerThanInProportionHaveBecomeDearer)
{
    EXPECT_EQ(Learn({100, 26, 0.05, 2.1}), CEILING_NOT_SEEN);
}

TEST(Ceiling, OneThatWasRefutedIsNotBelievedSoonAgain)
{
    const level after = {100, 40, 0.05, 1.25};
    ceiling c = {};
    ceiling_refute(&c, 0);
    EXPECT_EQ(ceiling_learn(&c, &BEFORE, &after, 50 * 1000000000ull), CEILING_NOT_SEEN);
    EXPECT_EQ(ceiling_learn(&c, &BEFORE, &after, 100 * 1000000000ull), CEILING_NEW);
}

TEST(Ceiling, OneThatHasEndedIsGoneWhenMoreWorkersGiveMore)
{
    const level slow = {100, 40, 0.05, 1.25}, fast = {100, 40, 0.05, 0.6};
    ceiling c = {};
    ASSERT_EQ(ceiling_learn(&c, &BEFORE, &slow, 0), CEILING_NEW);
    EXPECT_LT(ceiling_limit(&c, 1000, 30 * 1000000000ull), 1000u);
    EXPECT_EQ(ceiling_learn(&c, &BEFORE, &fast, 30 * 1000000000ull), CEILING_NOT_SEEN);
    EXPECT_EQ(ceiling_limit(&c, 1000, 30 * 1000000000ull), 1000u);
}
