#include <cstring>
#include <set>

#include <gtest/gtest.h>

#include "harness.h"

namespace
{

using harness::Host;
using Strings = std::vector<std::string>;

uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

// The payload by its documentation, not by its code.
std::string generated(const std::string &pattern, uint64_t seed, uint64_t sequence, size_t size)
{
    std::string bytes;
    const uint64_t base = mix(seed ^ mix(sequence));
    for (uint64_t k = 0; bytes.size() < size; k++) {
        uint64_t word = sequence + k;
        if (pattern == "zero")
            word = 0;
        if (pattern == "random" && k)
            word = mix(base + k * 0x9e3779b97f4a7c15u);
        for (int i = 0; i < 8; i++)
            bytes.push_back(static_cast<char>(word >> (8 * i)));
    }
    bytes.resize(size);
    return bytes;
}

TEST(CoreGenerate, TablesAreComplete)
{
    EXPECT_EQ(harness::table_problems(harness::processor("core", "generate")), Strings{});
}

TEST(CoreGenerate, BytesFollowFromSeedAndSequence)
{
    for (const char *pattern : {"sequence", "random", "zero"})
        for (const size_t size : {0, 1, 7, 8, 9, 64, 1001}) {
            Host host("core", "generate");
            host.set("count", "150").set("size", std::to_string(size)).set("pattern", pattern).set("seed", "42");
            ASSERT_EQ(host.drive(), MPIPE_OK) << host.trouble();
            ASSERT_EQ(host.outputs().size(), 150u);
            for (uint64_t s = 0; s < 150; s++) {
                ASSERT_EQ(host.outputs()[s].bytes, generated(pattern, 42, s, size)) << pattern << size;
                ASSERT_EQ(host.outputs()[s].sequence, s);
            }
        }
}

TEST(CoreGenerate, RandomSizesFillTheirRangeAndRepeat)
{
    std::vector<harness::Output> first;
    for (int round = 0; round < 2; round++) {
        Host host("core", "generate");
        host.set("count", "2000").set("size", "10").set("size_max", "20").set("seed", "7");
        ASSERT_EQ(host.drive(), MPIPE_OK);
        std::set<size_t> sizes;
        for (const harness::Output &output : host.outputs())
            sizes.insert(output.bytes.size());
        EXPECT_EQ(sizes.size(), 11u);
        EXPECT_EQ(*sizes.begin(), 10u);
        EXPECT_EQ(*sizes.rbegin(), 20u);
        EXPECT_TRUE(std::equal(first.begin(), first.end(), host.outputs().begin()));
        first = host.outputs();
    }
}

TEST(CoreGenerate, MakesEveryFrameOnceWhateverPointItDiesAt)
{
    const auto make = [](uint64_t die_at, size_t commit_every, size_t outputs_max) {
        auto host = std::make_unique<Host>("core", "generate");
        host->set("count", "70").set("size", "16").commit_every(commit_every).outputs_max(outputs_max);
        if (die_at)
            host->die_at(die_at);
        EXPECT_EQ(host->drive(), MPIPE_OK);
        return host;
    };
    const Strings wanted = make(0, 1, 256)->output_bytes();
    ASSERT_EQ(wanted.size(), 70u);
    for (const size_t outputs_max : {10, 256}) /* 10: the host commits within a call */
        for (uint64_t n = 1, died = 1; died; n++) {
            const auto host = make(n, 1 + n % 4, outputs_max);
            ASSERT_EQ(host->output_bytes(), wanted) << "death at point " << n;
            died = host->deaths();
        }
}

TEST(CoreGenerate, GoesOnAfterEveryFailedCreate)
{
    for (uint64_t n = 1; n <= 71; n++) {
        Host host("core", "generate");
        host.set("count", "70").set("size", "8").fail_create_at(n);
        ASSERT_EQ(host.drive(), MPIPE_OK) << host.trouble();
        ASSERT_EQ(host.outputs().size(), 70u);
        for (uint64_t s = 0; s < 70; s++)
            ASSERT_EQ(host.outputs()[s].sequence, s);
    }
}

TEST(CoreGenerate, ReportsItsProgress)
{
    Host host("core", "generate");
    host.set("count", "100");
    ASSERT_EQ(host.drive(), MPIPE_OK);
    EXPECT_EQ(host.progress(), (std::pair<uint64_t, uint64_t>(100, 100)));
}

TEST(CoreGenerate, WithoutACountItHasNoEnd)
{
    Host host("core", "generate");
    ASSERT_EQ(host.drive(10), MPIPE_OK);
    EXPECT_EQ(host.outputs().size(), 640u);
}

TEST(CoreGenerate, RefusesSizesThatCanNeverBe)
{
    Host inverted("core", "generate");
    inverted.set("size", "100").set("size_max", "99");
    EXPECT_EQ(inverted.start(), MPIPE_BAD_CONFIG);
    EXPECT_TRUE(inverted.logged("size_max (99 bytes) is below size (100 bytes)")) << inverted.trouble();
    Host large("core", "generate");
    large.set("size", "1M").max_frame(1000);
    EXPECT_EQ(large.start(), MPIPE_BAD_CONFIG);
    EXPECT_TRUE(large.logged("raise its memory")) << large.trouble();
}

TEST(CoreGenerate, HugeFramesGoOneByOne)
{
    Host host("core", "generate");
    host.set("count", "3").set("size", "8M");
    ASSERT_EQ(host.drive(1), MPIPE_OK);
    ASSERT_EQ(host.outputs().size(), 1u);
    EXPECT_EQ(host.outputs()[0].bytes.size(), 8u << 20);
}

TEST(CoreGenerate, WaitsForTheNextFrameToBeDue)
{
    Host host("core", "generate");
    host.set("rate", "0.001");
    ASSERT_EQ(host.drive(3), MPIPE_OK);
    EXPECT_EQ(host.outputs().size(), 1u) << "the first frame is due at once";
    EXPECT_EQ(host.empty_calls(), 2u);
    EXPECT_GT(host.waited_ns(), 990e9) << "the first idle call lets out what was emitted, the second waits";
    EXPECT_LE(host.waited_ns(), 1000e9);
}

TEST(CoreGenerate, KeepsARateWithoutTheWaitExtensionToo)
{
    Host host("core", "generate");
    host.set("rate", "1e-300").without_extensions();
    ASSERT_EQ(host.drive(3), MPIPE_OK);
    EXPECT_EQ(host.outputs().size(), 1u);
}

} // namespace
