#include <cstring>

#include <gtest/gtest.h>

#include "harness.h"

namespace
{

using harness::FrameData;
using harness::Host;
using Strings = std::vector<std::string>;

// Frames that differ in everything that a frame has.
std::vector<FrameData> samples(size_t n)
{
    std::vector<FrameData> frames(n);
    for (size_t i = 0; i < n; i++) {
        FrameData &frame = frames[i];
        frame.bytes = std::string(i * 7 % 23, static_cast<char>('a' + i % 26));
        frame.sequence = 1000 - i * 3;
        frame.key = i % 2 ? UINT64_MAX - i : 0;
        frame.time_ns = i % 3 ? -5 - static_cast<int64_t>(i) : 1700000000000000000;
        frame.type = i % 4 ? uint32_t{MPIPE_TEXT} : mpipe_type("test.some");
        for (size_t a = 0; a < i % 4; a++)
            frame.attributes["name" + std::to_string(a)] = std::string(a * 5, static_cast<char>(i));
        if (i == 5)
            frame.attributes[std::string(255, 'n')] = std::string(65000, '\0');
    }
    return frames;
}

std::vector<FrameData> as_data(const std::vector<harness::Output> &outputs)
{
    return std::vector<FrameData>(outputs.begin(), outputs.end());
}

void give(Host *host, const std::vector<FrameData> &frames)
{
    for (const FrameData &frame : frames)
        host->give(frame);
}

std::vector<FrameData> unbatched(const std::vector<harness::Output> &batches)
{
    Host host("core", "unbatch");
    give(&host, as_data(batches));
    EXPECT_EQ(host.drive(), MPIPE_OK) << host.trouble();
    EXPECT_TRUE(host.dead_letters().empty()) << host.trouble();
    return as_data(host.outputs());
}

uint32_t frames_in(const harness::Output &batch)
{
    uint32_t count = 0;
    std::memcpy(&count, batch.bytes.data() + 8, 4);
    return count;
}

std::vector<uint32_t> counts(const Host &host)
{
    std::vector<uint32_t> all;
    for (const harness::Output &batch : host.outputs())
        all.push_back(frames_in(batch));
    return all;
}

TEST(CoreBatch, TablesAreComplete)
{
    EXPECT_EQ(harness::table_problems(harness::processor("core", "batch")), Strings{});
    EXPECT_EQ(harness::table_problems(harness::processor("core", "unbatch")), Strings{});
}

TEST(CoreBatch, UnbatchRestoresEveryFrameExactly)
{
    for (const char *size : {"1", "3", "4", "100"}) {
        Host host("core", "batch");
        host.set("size", size);
        give(&host, samples(20));
        ASSERT_EQ(host.drive(), MPIPE_OK) << host.trouble();
        EXPECT_EQ(host.outputs()[0].type, mpipe_type("micropipe.batch"));
        EXPECT_EQ(host.outputs()[0].sequence, 1000u);
        EXPECT_EQ(host.kept(), 0u);
        EXPECT_EQ(unbatched(host.outputs()), samples(20)) << "size " << size;
    }
}

TEST(CoreBatch, SendsAFullBatchAndAtTheEndAPartialOne)
{
    Host host("core", "batch");
    host.set("size", "4");
    give(&host, samples(10));
    ASSERT_EQ(host.drive(), MPIPE_OK);
    EXPECT_EQ(counts(host), (std::vector<uint32_t>{4, 4, 2}));
}

TEST(CoreBatch, SendsAPartialBatchWhenItRetires)
{
    Host host("core", "batch");
    host.set("size", "4");
    give(&host, samples(3));
    host.stop();
    give(&host, samples(2));
    ASSERT_EQ(host.drive(), MPIPE_OK);
    EXPECT_EQ(counts(host), std::vector<uint32_t>{3});
    ASSERT_EQ(host.drive(), MPIPE_OK) << "the successor takes the rest";
    EXPECT_EQ(counts(host), (std::vector<uint32_t>{3, 2}));
}

TEST(CoreBatch, SendsAPartialBatchWhenMemoryIsShortAndSaysSo)
{
    Host host("core", "batch");
    host.set("size", "1000").pressure();
    give(&host, samples(3));
    host.pressure().pressure();
    give(&host, samples(2));
    ASSERT_EQ(host.drive(), MPIPE_OK);
    EXPECT_EQ(counts(host), (std::vector<uint32_t>{3, 2}));
    EXPECT_TRUE(host.logged("memory is short")) << host.trouble();
}

TEST(CoreBatch, SendsAPartialBatchAfterItsTimeout)
{
    Host host("core", "batch");
    host.set("size", "1000").set("timeout", "1h").idle();
    give(&host, samples(3));
    host.idle();
    give(&host, samples(2));
    ASSERT_EQ(host.drive(), MPIPE_OK);
    EXPECT_EQ(counts(host), (std::vector<uint32_t>{3, 2}));
}

TEST(CoreBatch, WithoutATimeoutItWaitsUntilItIsFull)
{
    Host host("core", "batch");
    host.set("size", "5");
    give(&host, samples(3));
    host.idle();
    give(&host, samples(2));
    ASSERT_EQ(host.drive(), MPIPE_OK);
    EXPECT_EQ(counts(host), std::vector<uint32_t>{5});
}

TEST(CoreBatch, KeepsBelowMaxBytesUnlessOneFrameIsLarger)
{
    Host host("core", "batch");
    host.set("max_bytes", "300");
    for (const size_t size : {100, 100, 1000, 10, 100})
        host.give_bytes(std::string(size, 'x'));
    ASSERT_EQ(host.drive(), MPIPE_OK);
    EXPECT_EQ(counts(host), (std::vector<uint32_t>{1, 1, 1, 2})); /* 24 + 2 * 144 > 300 */
    EXPECT_LE(host.outputs()[3].bytes.size(), 300u);
}

TEST(CoreBatch, BatchesNeverOutgrowTheLargestFrameOfTheStage)
{
    Host host("core", "batch");
    host.max_frame(400);
    for (const size_t size : {100, 100, 377, 100})
        host.give_bytes(std::string(size, 'x'));
    ASSERT_EQ(host.drive(), MPIPE_OK);
    EXPECT_EQ(counts(host), (std::vector<uint32_t>{2, 1})) << "the refused frame ends no batch";
    ASSERT_EQ(host.dead_letters().size(), 1u);
    EXPECT_EQ(host.dead_letters()[0].frame.bytes.size(), 377u);
    EXPECT_NE(host.dead_letters()[0].reason.find("raise its memory"), std::string::npos);
}

TEST(CoreBatch, LosesAndDoublesNothingWhateverPointItDiesAt)
{
    for (const char *max_bytes : {"0", "200"})
        for (uint64_t n = 1, died = 1; died; n++) {
            Host host("core", "batch");
            host.set("size", "3").set("max_bytes", max_bytes).die_at(n).die_at(n + 9).commit_every(1 + n % 4);
            give(&host, samples(8));
            ASSERT_EQ(host.drive(), MPIPE_OK) << host.trouble();
            ASSERT_EQ(unbatched(host.outputs()), samples(8)) << "death at point " << n;
            ASSERT_EQ(host.kept(), 0u);
            died = host.deaths();
        }
}

TEST(CoreBatch, GoesOnAfterFailedCreates)
{
    for (const char *max_bytes : {"0", "200"})
        for (uint64_t n = 1; n < 8; n++) {
            Host host("core", "batch");
            host.set("size", "3")
                .set("max_bytes", max_bytes)
                .fail_create_at(n)
                .fail_create_at(n + 1)
                .commit_every(1 + n % 3);
            give(&host, samples(8));
            ASSERT_EQ(host.drive(), MPIPE_OK) << host.trouble();
            ASSERT_EQ(unbatched(host.outputs()), samples(8)) << "failure of create " << n;
        }
}

TEST(CoreBatch, KeepsAsManyFramesAsAJournalHolds)
{
    Host host("core", "batch");
    host.set("size", "4096");
    for (int i = 0; i < 4097; i++)
        host.give_bytes("");
    ASSERT_EQ(host.drive(), MPIPE_OK) << host.trouble();
    EXPECT_EQ(counts(host), (std::vector<uint32_t>{4096, 1}));
}

TEST(CoreBatch, ABatchCutByBytesAtTheLimitOfTheJournalLosesNothing)
{
    Host host("core", "batch");
    host.set("size", "4096").set("max_bytes", std::to_string(24 + 4096 * 40));
    for (int i = 0; i < 4095; i++)
        host.give_bytes("");
    host.give_bytes("too much").give_bytes("");
    ASSERT_EQ(host.drive(), MPIPE_OK) << host.trouble();
    EXPECT_EQ(counts(host), (std::vector<uint32_t>{4095, 2}));
}

std::vector<harness::Output> one_batch(size_t frames)
{
    Host host("core", "batch");
    host.set("size", "4096");
    give(&host, samples(frames));
    EXPECT_EQ(host.drive(), MPIPE_OK);
    return host.outputs();
}

TEST(CoreUnbatch, LosesAndDoublesNothingWhateverPointItDiesAt)
{
    std::vector<harness::Output> batches = one_batch(7);
    for (const harness::Output &more : one_batch(3))
        batches.push_back(more);
    std::vector<FrameData> wanted = samples(7);
    for (const FrameData &frame : samples(3))
        wanted.push_back(frame);
    for (const size_t outputs_max : {1, 2, 256})
        for (uint64_t n = 1, died = 1; died; n++) {
            Host host("core", "unbatch");
            host.outputs_max(outputs_max).die_at(n).die_at(n + 5).commit_every(1 + n % 4);
            give(&host, as_data(batches));
            ASSERT_EQ(host.drive(), MPIPE_OK) << host.trouble();
            ASSERT_EQ(as_data(host.outputs()), wanted) << "death at point " << n << ", " << outputs_max;
            died = host.deaths();
        }
}

TEST(CoreUnbatch, GoesOnAfterFailedCreates)
{
    const std::vector<harness::Output> batches = one_batch(8);
    for (uint64_t n = 1, creates = 100; n < creates; n++) {
        Host host("core", "unbatch");
        host.fail_create_at(n).fail_create_at(n + 1).commit_every(1 + n % 3);
        give(&host, as_data(batches));
        ASSERT_EQ(host.drive(), MPIPE_OK) << host.trouble();
        ASSERT_EQ(as_data(host.outputs()), samples(8)) << "failure " << n;
        creates = host.creates();
    }
}

TEST(CoreUnbatch, TheSameBatchTwiceGivesItsFramesTwice)
{
    Host host("core", "unbatch");
    give(&host, as_data(one_batch(3)));
    give(&host, as_data(one_batch(3)));
    ASSERT_EQ(host.drive(), MPIPE_OK);
    EXPECT_EQ(host.outputs().size(), 6u);
}

TEST(CoreUnbatch, APlaceInABatchThatWasGivenUpIsNotTheNextBatchs)
{
    FrameData other = one_batch(5)[0];
    other.sequence = 77;
    bool given_up_half_way = false;
    for (uint64_t n = 1; n < 60; n++) {
        Host host("core", "unbatch");
        host.outputs_max(1).die_at(n).die_at(n + 6).die_at(n + 12); /* a successor has it in hand by then */
        give(&host, as_data(one_batch(5)));
        host.give(other);
        ASSERT_EQ(host.drive(), MPIPE_OK);
        const size_t sent = host.outputs().size();
        ASSERT_EQ(host.dead_letters().empty(), sent == 10) << "death at point " << n;
        given_up_half_way |= sent > 5 && sent < 10;
        ASSERT_GE(sent, 5u);
        const std::vector<harness::Output> last(host.outputs().end() - 5, host.outputs().end());
        ASSERT_EQ(as_data(last), samples(5)) << "death at point " << n;
    }
    EXPECT_TRUE(given_up_half_way);
}

TEST(CoreUnbatch, AnEmptyBatchGivesNothing)
{
    Host host("core", "unbatch");
    host.give_bytes(std::string("MPBATCH1\0\0\0\0\0\0\0\0\x18\0\0\0\0\0\0\0", 24));
    ASSERT_EQ(host.drive(), MPIPE_OK);
    EXPECT_TRUE(host.dead_letters().empty()) << host.trouble();
    EXPECT_EQ(host.dropped(), 1u);
}

TEST(CoreUnbatch, RefusesEveryBatchThatWasCutShort)
{
    const std::string batch = one_batch(4)[0].bytes;
    Host host("core", "unbatch");
    for (size_t size = 0; size < batch.size(); size++) {
        std::string cut = batch.substr(0, size);
        if (size >= 24) /* with its header put right, so that the records are looked at */
            std::memcpy(&cut[16], &size, 8);
        host.give_bytes(cut);
    }
    ASSERT_EQ(host.drive(), MPIPE_OK);
    EXPECT_EQ(host.dead_letters().size(), batch.size());
    EXPECT_TRUE(host.outputs().empty());
}

TEST(CoreUnbatch, SurvivesAnyByteThatWasChanged)
{
    const std::string batch = one_batch(4)[0].bytes;
    for (size_t at = 0; at < batch.size(); at++) {
        Host host("core", "unbatch");
        for (const int value : {0x00, 0x01, 0x7f, 0x80, 0xff}) {
            std::string changed = batch;
            changed[at] = static_cast<char>(value);
            host.give_bytes(changed);
        }
        ASSERT_EQ(host.drive(), MPIPE_OK) << "byte " << at;
        for (const harness::DeadLetter &dead : host.dead_letters())
            EXPECT_EQ(dead.reason.compare(0, 12, "not a batch:"), 0) << dead.reason;
    }
}

// A batch of one frame with these sizes in its record.
std::string forged(uint64_t size, uint32_t attributes, const std::string &rest, uint32_t count = 1)
{
    std::string batch("MPBATCH1", 8);
    const auto put = [&batch](const void *value, size_t n) { batch.append(static_cast<const char *>(value), n); };
    const uint32_t zero = 0;
    const uint64_t total = 24 + 40 + rest.size();
    put(&count, 4);
    put(&zero, 4);
    put(&total, 8);
    put(&size, 8);
    batch.append(24, '\0');
    put(&zero, 4);
    put(&attributes, 4);
    return batch + rest;
}

TEST(CoreUnbatch, RefusesForgedSizesWithAReason)
{
    const std::string long_attributes = std::string("\x01\0\0\0\x01\0\x01\0", 8) + std::string(0x10001 + 1 + 6, 'a');
    const struct {
        std::string batch, reason;
    } cases[] = {
        {forged(UINT64_MAX, 0, "12345678"), "a frame reaches beyond"},
        {forged(UINT64_MAX - 7, 0, "12345678"), "a frame reaches beyond"},
        {forged(9, 0, "12345678"), "a frame reaches beyond"},
        {forged(8, UINT32_MAX - 7, "12345678"), "attributes of a frame reach"},
        {forged(0, 4, "12345678"), "attributes of a frame reach"},
        {forged(0, 0, "12345678"), "bytes after"},
        {forged(0, 8, std::string("\xff\xff\xff\xff\xff\xff\xff\xff", 8)), "more than 255"},
        {forged(0, 8, std::string("\x01\0\0\0\xff\xff\xff\xff", 8)), "longer than the attributes"},
        {forged(0, 8, std::string("\0\0\0\0\x08\0\0\0", 8)), "is empty"},
        {forged(0, 16, std::string("\x02\0\0\0\0\0\0\0a\0\0\0\0\0\0\0", 16)), "a zero in it"},
        {forged(0, static_cast<uint32_t>(long_attributes.size()), long_attributes), "more than 64 KiB"},
        {forged(0, 0, "", UINT32_MAX), "cut off"},
        {"", "shorter than the header"},
    };
    for (const auto &c : cases) {
        Host host("core", "unbatch");
        host.give_bytes(c.batch);
        ASSERT_EQ(host.drive(), MPIPE_OK);
        ASSERT_EQ(host.dead_letters().size(), 1u) << c.reason;
        EXPECT_NE(host.dead_letters()[0].reason.find(c.reason), std::string::npos) << host.dead_letters()[0].reason;
    }
}

TEST(CoreUnbatch, RefusesAsAWholeABatchWithAFrameThatCanNeverFit)
{
    Host host("core", "unbatch");
    host.max_frame(100).outputs_max(1);
    Host batch("core", "batch");
    batch.give_bytes("small").give_bytes(std::string(101, 'x'));
    ASSERT_EQ(batch.drive(), MPIPE_OK);
    give(&host, as_data(batch.outputs()));
    ASSERT_EQ(host.drive(), MPIPE_OK);
    EXPECT_TRUE(host.outputs().empty());
    ASSERT_EQ(host.dead_letters().size(), 1u);
    EXPECT_NE(host.dead_letters()[0].reason.find("raise its memory"), std::string::npos);
}

} // namespace
