// What the server may take of a core.
extern "C" {
#include "clock.h"
#include "throttle.h"
}

#include <gtest/gtest.h>

namespace
{

class Throttle : public testing::Test
{
  protected:
    Throttle() { throttle_begin(&throttle_, 20, 100 * NS_PER_MS, 2 * NS_PER_MS, NS_PER_S); }
    uint64_t SpendMs(uint64_t used_ms, uint64_t at_ms)
    {
        return throttle_spend(&throttle_, used_ms * NS_PER_MS, at_ms * NS_PER_MS) / NS_PER_MS;
    }
    throttle throttle_;
};

} // namespace

TEST_F(Throttle, AllowsWhatIsSavedUpAtOnce)
{
    EXPECT_EQ(SpendMs(60, 1000), 1000u);
    EXPECT_EQ(SpendMs(40, 1000), 1000u);
    EXPECT_GT(SpendMs(1, 1000), 1000u);
}

TEST_F(Throttle, ThatIsOverdrawnHasToWaitUntilThatIsEarnedAndARestBesides)
{
    EXPECT_EQ(SpendMs(120, 1000), 2100u) << "20 ms and 2 ms, at 2 %";
    EXPECT_EQ(SpendMs(0, 1500), 2100u) << "half of it";
    EXPECT_EQ(SpendMs(2, 2100), 2100u) << "there is as much as it rested for,";
    EXPECT_GT(SpendMs(1, 2100), 2100u) << "and no more";
}

TEST_F(Throttle, OverTimeIsNoMoreThanItsShare)
{
    uint64_t now = 1000, used = 0;
    while (now < 101000) {
        now = SpendMs(10, now);
        used += 10;
    }
    EXPECT_LE(used, 100u + 2000u + 10u);
    EXPECT_GE(used, 2000u);
}

TEST_F(Throttle, SavesNoMoreThanItsMost)
{
    EXPECT_EQ(SpendMs(0, 1000000), 1000000u);
    EXPECT_GT(SpendMs(101, 1000000), 1000000u);
}
