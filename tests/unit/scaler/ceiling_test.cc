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
