// Which publication belongs to which claim.
#include <gtest/gtest.h>

#include <memory>

extern "C" {
#include "flows.h"
}

namespace
{

struct Flows : testing::Test {
    int Meet(uint64_t place, flow_side side, uint64_t at = 0)
    {
        flow_end end = {place, at, 0, side};
        return flows_meet(flows_.get(), &end, &other_);
    }

    std::unique_ptr<flows> flows_ = std::make_unique<flows>();
    flow_end other_ = {};
};

} // namespace

TEST_F(Flows, TheTwoEndsMeetInEitherOrder)
{
    EXPECT_EQ(Meet(7, FLOW_OUT, 1), 0);
    EXPECT_EQ(Meet(7, FLOW_IN, 2), 1);
    EXPECT_EQ(other_.at_ns, 1u);
    EXPECT_EQ(Meet(8, FLOW_IN, 3), 0);
    EXPECT_EQ(Meet(8, FLOW_OUT, 2), 1);
    EXPECT_EQ(other_.at_ns, 3u);
}

TEST_F(Flows, AnEndThatIsToldAgainAfterADeathTakesThePlaceOfTheFirst)
{
    EXPECT_EQ(Meet(7, FLOW_OUT, 1), 0);
    EXPECT_EQ(Meet(7, FLOW_OUT, 5), 0);
    EXPECT_EQ(Meet(7, FLOW_IN, 6), 1);
    EXPECT_EQ(other_.at_ns, 5u);
    EXPECT_EQ(Meet(7, FLOW_IN, 6), 0) << "it was used up";
}

TEST_F(Flows, FramesAtOtherPlacesDoNotMeet)
{
    EXPECT_EQ(Meet(0, FLOW_OUT), 0);
    for (uint64_t place = 1; place < 10 * FLOWS_OPEN_MAX; place++)
        EXPECT_EQ(Meet(place, FLOW_IN), 0);
}
