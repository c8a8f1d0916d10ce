// Memory never deadlocks, never runs over, and says what it is made of.
#include "running.h"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>

using namespace crash;
using namespace std::chrono_literals;

namespace
{

struct Case {
    const char *name, *line, *memory;
    long long out;
    int kill_ms; // a kill each so often: a frame must have the time to get through now and then
};

class TinyMemory : public ::testing::TestWithParam<Case>
{
};

const Case cases[] = {
    {"SmallFramesSlowSink", "core.generate count=1000 size=64K | lab.copy :workers=2 | lab.sink :name=end delay=1ms",
     "16M", 1000, 15},
    {"LargeFrames", "core.generate count=30 size=20M | lab.copy :workers=2 | lab.sink :name=end delay=1ms", "100M", 30,
     100},
    {"HugeFrames", "core.generate count=6 size=100M | lab.copy :workers=2 | lab.sink :name=end", "512M", 6, 1000},
    {"EachWorkerHoldsHalf", "core.generate count=100 size=3M | lab.pair :workers=4 | lab.sink :name=end delay=1ms",
     "48M", 200, 30},
    {"OrderedHoldsBack",
     "core.generate count=200 size=1M | lab.pair :workers=4 :ordered=true | lab.sink :name=end delay=1ms", "32M", 400,
     30},
    {"OrderedInOneSpan",
     "core.generate count=500 size=1K | lab.copy delay=1ms :workers=4 :ordered=true | lab.sink :name=end", "8M", 500,
     15},
    {"AKeeperInOneSpan",
     "core.generate count=2000 size=8 size_max=3000 | core.batch size=4 | core.unbatch | lab.sink :name=end", "12M",
     2000, 15},
    {"MixedSizes", "core.generate count=500 size=64 size_max=3M | lab.copy :workers=3 | lab.sink :name=end delay=1ms",
     "32M", 500, 15},
    {"AKeeperBehindAFilter",
     "core.generate count=200 size=1M | lab.copy :workers=2 | core.batch size=1000 | core.unbatch | lab.sink :name=end",
     "64M", 200, 30},
};

} // namespace

TEST_P(TinyMemory, DoesNotDeadlock)
{
    Folder folder;
    Running run(folder, {"-e", GetParam().line, "--set", std::string("memory=") + GetParam().memory});
    Result result = run.finish();
    EXPECT_EQ(result.exit_code, 0) << result.errors;
    EXPECT_EQ(broken_identity(result), "");
    EXPECT_EQ(result.stages["end"]["out"], GetParam().out);
}

TEST_P(TinyMemory, DoesNotDeadlockWhenWorkersAreKilled)
{
    Folder folder;
    Running run(folder, {"-e", GetParam().line, "--set", std::string("memory=") + GetParam().memory});
    run.kill_workers(std::chrono::milliseconds(GetParam().kill_ms), 5, anybody);
    Result result = run.finish();
    EXPECT_EQ(result.exit_code, 0) << result.errors;
    EXPECT_EQ(broken_identity(result), "");
    EXPECT_EQ(result.stages["end"]["out"], GetParam().out);
}

INSTANTIATE_TEST_SUITE_P(Memory, TinyMemory, ::testing::ValuesIn(cases),
                         [](const auto &tested) { return tested.param.name; });

TEST(Memory, AFrameThatCanNeverFitIsRefusedWithTheSettingToChange)
{
    Folder folder;
    Running run(folder, {"-e", "core.generate count=5 size=64 | lab.copy size=200M | core.null", "--set", "memory=64M",
                         "--set", "dead_letters=dead"});
    Result result = run.finish();
    EXPECT_EQ(result.exit_code, 3) << result.errors;
    EXPECT_EQ(result.stages["copy"]["dead"], 5);
    EXPECT_NE(result.errors.find("raise stages.copy.memory, or memory"), std::string::npos) << result.errors;
}

TEST(Memory, ASourceThatTriesAgainWhereNoFrameCanEverFitEndsThePipelineWithTheSettingToChange)
{
    // Its share is one span, which can be cut for one size, and it wants two at once.
    Folder folder;
    Running run(folder, {"-e", "lab.grow | core.null", "--set", "memory=8M", "--set", "stages.grow.memory=2M"});
    Result result = run.finish();
    EXPECT_EQ(result.exit_code, 2) << result.errors;
    EXPECT_NE(result.reason.find("a frame of 4096 bytes does not fit beside the "), std::string::npos) << result.reason;
    EXPECT_NE(result.reason.find("raise stages.grow.memory"), std::string::npos) << result.reason << result.errors;
}

// So does one that keeps frames, whether the stream ends or a stage before it waits for memory: it must not try for
// ever, or fall asleep.
TEST(Memory, AKeeperWhoseFrameCanNeverFitEndsThePipelineWithTheSettingToChange)
{
    for (const char *source : {"core.generate count=3", "core.generate count=2000 size=8 size_max=3000"}) {
        Folder folder;
        Running run(folder, {"-e", std::string(source) + " | lab.brim | core.null", "--set", "memory=8M", "--set",
                             "stages.brim.memory=2M"});
        Result result = run.finish();
        EXPECT_EQ(result.exit_code, 2) << result.errors;
        EXPECT_NE(result.reason.find("beside the 40 bytes that this call has made"), std::string::npos)
            << result.reason;
        EXPECT_NE(result.reason.find("raise stages.brim.memory"), std::string::npos) << result.reason << result.errors;
    }
}

// Lines of many sizes, and with their attributes: none of them may want two sizes at once.
TEST(Memory, SourcesReadTheirFilesInAShareOfOneSpan)
{
    Folder folder;
    std::string lines;
    for (size_t i = 0; i < 300; i++)
        lines += std::string(i * 37 % 900, 'x') + "\n";
    write_file(folder / "lines", lines);
    Running text(folder, {"-e", "text.lines path=lines | text.write path=out", "--set", "memory=8M", "--set",
                          "stages.lines.memory=2M"});
    Result result = text.finish();
    EXPECT_EQ(result.exit_code, 0) << result.errors;
    EXPECT_EQ(read_file(folder / "out"), lines);
    Running whole(folder, {"-e", "files.read path=lines | files.write path=copy", "--set", "memory=8M", "--set",
                           "stages.read.memory=2M"});
    result = whole.finish();
    EXPECT_EQ(result.exit_code, 0) << result.errors;
    EXPECT_EQ(read_file(folder / "copy/lines"), lines);
}

// A batch has a type of its own; what comes out of it, and a letter, have whatever a frame can have.
TEST(Memory, BatchesAndLettersAreMadeInAShareOfOneSpan)
{
    Folder folder;
    for (const char *size : {"1", "18"}) { // 88 and 888 bytes: each as much as a block holds without a tail
        Running run(folder, {"-e",
                             std::string("core.generate count=300 size=8 | core.batch size=") + size +
                                 " | core.unbatch | core.null",
                             "--set", "memory=12M", "--set", "stages.batch.memory=2M"});
        Result result = run.finish();
        EXPECT_EQ(result.exit_code, 0) << size << ": " << result.errors;
        EXPECT_EQ(result.stages["null"]["out"], 300);
    }
    std::filesystem::create_directory(folder / "dead");
    write_file(folder / "dead/one.bin", "payload");
    write_file(folder / "dead/one.json",
               R"({"size":7,"payload":"one.bin","key":5,"attributes":{"path":"a/b","c":"d"}})");
    Running letters(folder,
                    {"-e", "files.letters path=dead | core.batch | core.unbatch | files.write path=copy", "--set",
                     "memory=16M", "--set", "stages.letters.memory=2M", "--set", "stages.unbatch.memory=2M"});
    Result result = letters.finish();
    EXPECT_EQ(result.exit_code, 0) << result.errors;
    EXPECT_EQ(read_file(folder / "copy/a/b"), "payload");
}

TEST(Memory, ABatchThatMemoryCannotHoldGoesOnInPartsAndSaysSo)
{
    Folder folder;
    Running run(folder, {"-e", "core.generate count=2000 size=1M | core.batch size=1000 | core.unbatch | core.null",
                         "--set", "memory=256M"});
    Result result = run.finish();
    EXPECT_EQ(result.exit_code, 0) << result.errors;
    EXPECT_EQ(broken_identity(result), "");
    EXPECT_EQ(result.stages["null"]["out"], 2000);
    EXPECT_GT(result.stages["batch"]["partial"], 0);
}

TEST(Memory, ABatchThatKillsInterruptLosesAndDoublesNothing)
{
    Folder calm, rough;
    std::string line = "core.generate count=" + std::to_string(scaled(200000)) +
                       " size=200 | core.batch size=1000 :workers=2 | core.unbatch | debug.checksum keys=true path=sum";
    Running undisturbed(calm, {"-e", line});
    ASSERT_EQ(undisturbed.finish().exit_code, 0);
    Running run(rough, {"-e", line});
    EXPECT_GT(run.kill_workers(10ms, 17, [](const std::string &stage) { return stage == "batch" ? 4.0 : 1.0; }), 0);
    EXPECT_EQ(run.finish().exit_code, 0);
    EXPECT_EQ(unordered_digest(rough / "sum"), unordered_digest(calm / "sum"));
}

TEST(Memory, TooLittleForTheStagesIsRefusedBeforeTheStart)
{
    Folder folder;
    Running run(folder, {"-e", "core.generate count=5 | core.null", "--set", "memory=5M"});
    Result result = run.finish();
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_NE(result.reason.find("set memory to"), std::string::npos) << result.reason << result.errors;
}
