#include <gtest/gtest.h>

#include "harness.h"

namespace
{

using harness::Host;
using Strings = std::vector<std::string>;

Strings grep(const std::vector<std::pair<std::string, std::string>> &options, const Strings &frames)
{
    Host host("text", "grep");
    for (const auto &[name, value] : options)
        host.set(name, value);
    for (const std::string &frame : frames)
        host.give_bytes(frame);
    EXPECT_EQ(host.drive(), MPIPE_OK) << host.trouble();
    EXPECT_TRUE(host.dead_letters().empty()) << host.trouble();
    EXPECT_EQ(host.outputs().size() + host.dropped(), frames.size());
    EXPECT_EQ(host.creates(), 0u);
    for (const harness::Output &output : host.outputs())
        EXPECT_TRUE(output.forwarded);
    return host.output_bytes();
}

TEST(TextGrep, TablesAreComplete)
{
    EXPECT_EQ(harness::table_problems(harness::processor("text", "grep")), Strings{});
}

TEST(TextGrep, PassesWhatMatches)
{
    EXPECT_EQ(grep({{"pattern", "b+c"}}, {"abc", "ac", "", "xbbcx"}), (Strings{"abc", "xbbcx"}));
}

TEST(TextGrep, InvertPassesTheRest)
{
    EXPECT_EQ(grep({{"pattern", "b+c"}, {"invert", "true"}}, {"abc", "ac", "", "xbbcx"}), (Strings{"ac", ""}));
}

TEST(TextGrep, IgnoresCaseOfLettersBeyondAsciiToo)
{
    EXPECT_EQ(grep({{"pattern", "\xc3\xa4rger"}, {"ignore_case", "true"}}, {"\xc3\x84RGER", "aerger"}),
              Strings{"\xc3\x84RGER"});
    EXPECT_EQ(grep({{"pattern", "a"}}, {"A"}), Strings{});
}

TEST(TextGrep, AnEmptyPatternMatchesEverythingAlsoNothing)
{
    EXPECT_EQ(grep({{"pattern", ""}}, {"", "x"}), (Strings{"", "x"}));
}

TEST(TextGrep, AnchorsMatchAtTheLinesOfAFrame)
{
    EXPECT_EQ(grep({{"pattern", "^two$"}}, {"one\ntwo\nthree", "one two"}), Strings{"one\ntwo\nthree"});
}

TEST(TextGrep, BytesThatAreNotUtf8MatchNothingAndHarmNothing)
{
    EXPECT_EQ(grep({{"pattern", "^.b$"}}, {"\xff"
                                           "b",
                                           "ab", "ab\n\xff"}),
              (Strings{"ab", "ab\n\xff"}));
    EXPECT_EQ(grep({{"pattern", "^.b$"}, {"utf", "false"}}, {"\xff"
                                                             "b"}),
              Strings{"\xff"
                      "b"});
}

TEST(TextGrep, FramesMayHoldZeroBytes)
{
    EXPECT_EQ(grep({{"pattern", "b$"}}, {std::string("a\0b", 3), std::string("b\0", 2)}),
              Strings{std::string("a\0b", 3)});
}

TEST(TextGrep, APatternThatDoesNotCompileIsRefusedWithThePlace)
{
    Host host("text", "grep");
    host.set("pattern", "ab[cd");
    EXPECT_EQ(host.start(), MPIPE_BAD_CONFIG);
    EXPECT_TRUE(host.logged("at byte 5: \"ab[cd\" <-- here --> \"\"")) << host.trouble();
    EXPECT_TRUE(host.logged("missing terminating ]")) << host.trouble();
    Host middle("text", "grep");
    middle.set("pattern", "a(?Zb)c");
    EXPECT_EQ(middle.start(), MPIPE_BAD_CONFIG);
    EXPECT_TRUE(middle.logged("<-- here -->")) << middle.trouble();
    EXPECT_FALSE(middle.logged("\"a(?Zb)c\" <-- here")) << middle.trouble();
}

TEST(TextGrep, AFrameThatTakesTooManyStepsIsRefusedAndTheNextGoesOn)
{
    Host host("text", "grep");
    host.set("pattern", "^(a+)+$").set("match_limit", "1000");
    host.give_bytes(std::string(40, 'a') + "b").give_bytes("aaa");
    ASSERT_EQ(host.drive(), MPIPE_OK);
    ASSERT_EQ(host.dead_letters().size(), 1u);
    EXPECT_NE(host.dead_letters()[0].reason.find("match_limit = 1000"), std::string::npos) << host.trouble();
    EXPECT_EQ(host.output_bytes(), Strings{"aaa"});
}

TEST(TextGrep, DeepMatchesNeedNoStackOfOurs)
{
    const std::string deep = std::string(200000, '(') + "x" + std::string(200000, ')');
    Host host("text", "grep");
    host.set("pattern", "^(\\((?1)\\)|x)$").give_bytes(deep).give_bytes("((x))");
    ASSERT_EQ(host.drive(), MPIPE_OK) << host.trouble();
    EXPECT_EQ(host.output_bytes(), (Strings{deep, "((x))"})) << host.trouble();
}

TEST(TextGrep, GoesOnAfterADeathAtAnyPoint)
{
    for (uint64_t n = 1, died = 1; died; n++) {
        Host host("text", "grep");
        host.set("pattern", "a").give_bytes("a1").give_bytes("b").give_bytes("a2").die_at(n).commit_every(1 + n % 3);
        ASSERT_EQ(host.drive(), MPIPE_OK);
        ASSERT_EQ(host.output_bytes(), (Strings{"a1", "a2"})) << "death at point " << n;
        died = host.deaths();
    }
}

} // namespace
