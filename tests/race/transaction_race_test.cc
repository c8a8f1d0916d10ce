// Whole stages over real slots, rings and memory, in fixed shapes; `races` has random ones.
#include <gtest/gtest.h>

#include "traffic.h"

namespace
{

Traffic Shape(uint32_t queue, uint32_t sources, uint32_t filters, uint32_t sinks, bool ordered, uint32_t frames)
{
    Traffic t;
    t.queue = queue;
    t.sources = sources;
    t.filters = filters;
    t.sinks = sinks;
    t.ordered = ordered;
    t.frames = frames;
    t.size = 100000;
    t.stall_each = 64;
    return t;
}

class TransactionRace : public testing::TestWithParam<Traffic>
{
};

TEST_P(TransactionRace, EachFrameArrivesWholeAndOnce)
{
    EXPECT_EQ(RunTraffic(GetParam(), As::THREADS), "");
}

INSTANTIATE_TEST_SUITE_P(Shapes, TransactionRace,
                         testing::Values(Shape(1, 1, 1, 1, false, 500), Shape(2, 2, 2, 2, false, 1000),
                                         Shape(64, 1, 1, 1, false, 8000), Shape(64, 2, 3, 2, false, 4000),
                                         Shape(16, 1, 3, 1, true, 4000), Shape(4096, 2, 2, 2, false, 4000)));

} // namespace
