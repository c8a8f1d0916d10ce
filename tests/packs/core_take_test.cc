#include <gtest/gtest.h>

#include "harness.h"

namespace
{

using harness::Host;
using Strings = std::vector<std::string>;

TEST(CoreTake, TablesAreComplete)
{
    EXPECT_EQ(harness::table_problems(harness::processor("core", "take")), Strings{});
}

TEST(CoreTake, PassesTheFirstFramesWithoutACopyAndDropsTheRest)
{
    Host host("core", "take");
    host.set("count", "2").give_bytes("a", {{"path", "x"}}).give_bytes("").give_bytes("c").give_bytes("d");
    ASSERT_EQ(host.drive(), MPIPE_OK);
    EXPECT_EQ(host.output_bytes(), (Strings{"a", ""}));
    EXPECT_TRUE(host.outputs()[0].forwarded);
    EXPECT_EQ(host.outputs()[0].attributes, (harness::Attributes{{"path", "x"}}));
    EXPECT_EQ(host.dropped(), 2u);
    EXPECT_EQ(host.creates(), 0u);
}

TEST(CoreTake, CountsOnAfterADeathAtAnyPoint)
{
    for (uint64_t n = 1, died = 1; died; n++) {
        Host host("core", "take");
        host.set("count", "3").die_at(n).commit_every(1 + n % 3);
        for (const char *letter : {"a", "b", "c", "d", "e"})
            host.give_bytes(letter);
        ASSERT_EQ(host.drive(), MPIPE_OK);
        EXPECT_EQ(host.output_bytes(), (Strings{"a", "b", "c"})) << "death at point " << n;
        EXPECT_EQ(host.dropped(), 2u) << "death at point " << n;
        died = host.deaths();
    }
}

TEST(CoreTake, NeedsACount)
{
    Host host("core", "take");
    EXPECT_EQ(host.start(), MPIPE_BAD_CONFIG);
}

TEST(CoreNull, TablesAreComplete)
{
    EXPECT_EQ(harness::table_problems(harness::processor("core", "null")), Strings{});
}

TEST(CoreNull, TakesEverything)
{
    Host host("core", "null");
    host.give_bytes("a").give_bytes("").give_bytes(std::string(1 << 20, 'x'));
    ASSERT_EQ(host.drive(), MPIPE_OK);
    EXPECT_TRUE(host.outputs().empty());
    EXPECT_EQ(host.dropped(), 3u);
}

} // namespace
