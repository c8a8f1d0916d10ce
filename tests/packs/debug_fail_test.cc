#include <csignal>
#include <set>

#include <sys/resource.h>
#include <sys/time.h>

#include <gtest/gtest.h>

#include "harness.h"

namespace
{

using harness::Host;
using Strings = std::vector<std::string>;

std::set<uint64_t> refused(const std::string &rate, const std::string &seed)
{
    Host host("debug", "fail");
    host.set("rate", rate).set("seed", seed);
    for (int i = 0; i < 10000; i++)
        host.give_bytes("");
    EXPECT_EQ(host.drive(), MPIPE_OK) << host.trouble();
    EXPECT_EQ(host.outputs().size() + host.dead_letters().size(), 10000u);
    EXPECT_EQ(host.creates(), 0u);
    std::set<uint64_t> sequences;
    for (const harness::DeadLetter &dead : host.dead_letters())
        sequences.insert(dead.frame.sequence);
    return sequences;
}

uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

TEST(DebugFail, TablesAreComplete)
{
    EXPECT_EQ(harness::table_problems(harness::processor("debug", "fail")), Strings{});
}

TEST(DebugFail, TheSameFramesFailInEveryRunAsDocumented)
{
    std::set<uint64_t> wanted;
    for (uint64_t sequence = 0; sequence < 10000; sequence++)
        if (mix(7 ^ mix(sequence + 1)) < 1ull << 58)
            wanted.insert(sequence);
    EXPECT_EQ(refused("0.015625", "7"), wanted);
    EXPECT_NEAR(static_cast<double>(wanted.size()), 156, 50);
    EXPECT_NE(refused("0.015625", "8"), wanted);
}

TEST(DebugFail, RatesZeroAndOneAreNoneAndAll)
{
    EXPECT_EQ(refused("0", "1").size(), 0u);
    EXPECT_EQ(refused("1", "1").size(), 10000u);
}

TEST(DebugFail, MatchLooksAtBytesAndPath)
{
    Host host("debug", "fail");
    host.set("match", "bad").give_bytes("so bad").give_bytes("good", {{"path", "x/bad.jpg"}}).give_bytes("good");
    host.give_bytes("").give_bytes("ba").give_bytes("x", {{"label", "bad"}});
    ASSERT_EQ(host.drive(), MPIPE_OK);
    EXPECT_EQ(host.dead_letters().size(), 2u);
    EXPECT_EQ(host.output_bytes(), (Strings{"good", "", "ba", "x"}));
    EXPECT_NE(host.dead_letters()[0].reason.find("frame 0, attempt 1"), std::string::npos);
}

TEST(DebugFail, AFramePassesAfterItsAttempts)
{
    Host host("debug", "fail");
    host.set("attempts", "1").give_bytes("first").give_bytes("again").die_at(6);
    ASSERT_EQ(host.drive(), MPIPE_OK);
    EXPECT_EQ(host.dead_letters().size() + host.outputs().size(), 2u);
    EXPECT_EQ(host.output_bytes(), Strings{"again"}) << "it was in hand when the worker died";
}

void drive_one(const std::string &kind)
{
    const rlimit no_core = {0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    std::signal(SIGSEGV, SIG_DFL);
    std::signal(SIGABRT, SIG_DFL);
    const itimerval soon = {{0, 0}, {0, 50000}};
    setitimer(ITIMER_REAL, &soon, nullptr); /* ends what hangs */
    Host host("debug", "fail");
    host.set("kind", kind).give_bytes("a");
    host.drive();
    std::_Exit(0);
}

TEST(DebugFail, EachKindEndsTheProcessInItsWay)
{
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_EXIT(drive_one("segv"), testing::KilledBySignal(SIGSEGV), "");
    EXPECT_EXIT(drive_one("abort"), testing::KilledBySignal(SIGABRT), "");
    EXPECT_EXIT(drive_one("exit"), testing::ExitedWithCode(9), "");
    EXPECT_EXIT(drive_one("hang"), testing::KilledBySignal(SIGALRM), "");
}

TEST(DebugFail, ALeakLosesMemoryAndHandsTheFrameOn)
{
    rusage before{}, after{};
    getrusage(RUSAGE_SELF, &before);
    Host host("debug", "fail");
    host.set("kind", "leak").set("leak_size", "200M").give_bytes("a");
    ASSERT_EQ(host.drive(), MPIPE_OK);
    getrusage(RUSAGE_SELF, &after);
    EXPECT_EQ(host.output_bytes(), Strings{"a"});
    EXPECT_GT(after.ru_maxrss - before.ru_maxrss, 150 * 1024);
}

} // namespace
