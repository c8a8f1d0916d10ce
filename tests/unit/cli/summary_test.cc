extern "C" {
#include "summary.h"
}
#include "command_output.h"
#include "sample_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace
{

using testing::HasSubstr;
using testing::Not;

std::string Printed(const SampleRun &run, size_t width = 100)
{
    Output out;
    summary_print(&run.result, width, out.file());
    return out.text();
}

/* Photographs: the decoder is slow, and refuses two of them. */
void FillPhotos(SampleRun &run)
{
    run.now().elapsed_ns = 10 * kSecond;
    run.now().first_frame_ns = 45 * kMillisecond;
    run.Pass(0, 20000, 100 << 10);
    run.Pass(1, 19998, 600 << 10);
    run.Pass(2, 19998, 200 << 10);
    run.stage(1).in = 20000;
    run.stage(1).dead = 2;
    run.stage(0).busy_ns = 1 * kSecond;
    run.stage(0).wait_output_ns = 9 * kSecond;
    run.stage(1).busy_ns = 39 * kSecond;
    run.stage(1).wait_input_ns = 1 * kSecond;
    run.stage(2).busy_ns = 2 * kSecond;
    run.stage(2).wait_input_ns = 8 * kSecond;
    run.stage(1).workers_wanted = 4;
    run.result.outcome = OUTCOME_DEAD_LETTERS;
}

TEST(Summary, HasATableAndTheBottleneckAndTheDeadLetters)
{
    SampleRun run({"read", "decode", "write"});
    FillPhotos(run);
    char folder[] = "out/dead";
    run.config.dead_letters = folder;
    EXPECT_EQ(Printed(run), R"(photos: done, but with dead letters, in 10.0 s, the first frame after 45 ms

stage   workers      in     out     bytes  frames/s  busy  dropped  dead  restarts
read          1  20 000  20 000   1.9 GiB     2.0 k  10 %        0     0         0
decode        4  20 000  19 998  11.4 GiB     2.0 k  98 %        0     2         0
write         1  19 998  19 998   3.8 GiB     2.0 k  20 %        0     0         0

bottleneck: decode (busy 98 %, the stages before it wait for room)
dead letters: 2 in out/dead (decode 2)
)");
}

TEST(Summary, LeavesColumnsOfZerosOutWhereThereIsLittleRoom)
{
    SampleRun run({"read", "decode", "write"});
    FillPhotos(run);
    std::string text = Printed(run, 80);
    EXPECT_LE(Width(text), 80u) << text;
    EXPECT_THAT(text, HasSubstr("  dead\n"));
    EXPECT_THAT(text, Not(HasSubstr("restarts")));
}

TEST(Summary, ShortensNumbersBeforeTheTableGetsTooWide)
{
    SampleRun run({"read-photos", "decode", "write"});
    FillPhotos(run);
    run.Pass(0, 123456789012, 64);
    run.stage(0).dropped = 4000000;
    run.stage(2).restarts = 1;
    std::string text = Printed(run, 80);
    EXPECT_LE(Width(text), 80u) << text;
    EXPECT_THAT(text, HasSubstr("123 G"));
    EXPECT_THAT(text, HasSubstr("4.0 M"));
}

TEST(Summary, ShowsWhatWasEmittedOnlyIfItIsMoreOrLessThanWhatWasPassedOn)
{
    SampleRun run({"read", "batch", "write"});
    FillPhotos(run);
    EXPECT_THAT(Printed(run), Not(HasSubstr("emitted")));
    run.stage(1).emitted = 20;
    EXPECT_THAT(Printed(run), HasSubstr("emitted"));
}

TEST(Summary, ShowsWhatWasInFlightWhenItWasStopped)
{
    SampleRun run({"read", "decode", "write"});
    FillPhotos(run);
    run.result.outcome = OUTCOME_FAILED;
    snprintf(run.result.reason, sizeof run.result.reason, "stopped by the second SIGTERM");
    EXPECT_THAT(Printed(run), Not(HasSubstr("in flight")));
    run.stage(1).in_flight = 12;
    EXPECT_THAT(Printed(run), HasSubstr("in flight"));
    EXPECT_THAT(Printed(run), HasSubstr("photos: failed after 10.0 s, the first frame after 45 ms\n"
                                        "reason: stopped by the second SIGTERM\n"));
}

TEST(Summary, OfARunThatNeverBeganIsItsReasonAlone)
{
    SampleRun run({"read", "write"});
    run.result.outcome = OUTCOME_CONFIG;
    snprintf(run.result.reason, sizeof run.result.reason, "memory = 2M is too small");
    EXPECT_EQ(Printed(run), "photos: cannot run: memory = 2M is too small\n");
    run.stage(0).in = 5; /* until a later stage was found to be refused */
    EXPECT_EQ(Printed(run), "photos: cannot run: memory = 2M is too small\n");
    run.result.outcome = OUTCOME_FAILED;
    EXPECT_THAT(Printed(run), HasSubstr("photos: failed after"));
}

TEST(Summary, NamesWhoWaitedForMemoryWhenABatchWasCutShort)
{
    SampleRun run({"read", "decode", "batch", "write"});
    FillPhotos(run);
    run.stage(2).partial = 12;
    EXPECT_THAT(Printed(run), HasSubstr("batch: 12 partial batches, because a stage before it waited for memory\n"));
    run.stage(1).wait_memory_ns = 5;
    run.stage(0).wait_memory_ns = 7;
    run.stage(3).wait_memory_ns = 9; /* comes after it, so it is no reason */
    EXPECT_THAT(Printed(run), HasSubstr("batch: 12 partial batches, because stage 'read' waited for memory\n"));
}

TEST(Summary, TellsOfFramesThatWereNotSentOnOrMayBeThereTwice)
{
    SampleRun run({"read", "split", "write"});
    FillPhotos(run);
    run.stage(1).skipped = 1;
    run.stage(1).repeated = 1234;
    EXPECT_THAT(Printed(run), HasSubstr("split: 1 frame not sent on, because a queue was full"));
    EXPECT_THAT(Printed(run), HasSubstr("split: 1 234 frames committed in parts"));
}

TEST(Summary, SaysHowToKeepDeadLettersThatWereNot)
{
    SampleRun run({"read", "decode", "write"});
    FillPhotos(run);
    run.stage(0).dead = 1;
    EXPECT_THAT(Printed(run), HasSubstr("dead letters: 3 (read 1, decode 2), not kept; dead_letters = "));
}

TEST(Summary, NamesASourceThatTheOthersWaitFor)
{
    SampleRun run({"read", "write"});
    run.now().elapsed_ns = 10 * kSecond;
    run.Pass(0, 10, 1);
    run.Pass(1, 10, 1);
    run.stage(0).busy_ns = kSecond;
    EXPECT_THAT(Printed(run), HasSubstr("bottleneck: read (busy 100 %, the stages after it wait for input)\n"));
}

} // namespace
