// micropipe run --trace: what it writes is what Perfetto wants, whoever dies meanwhile.
#include "running.h"

#include <png.h>

#include <csignal>
#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <thread>

#include "checked_trace.h"

using namespace crash;
using testing::HasSubstr;

namespace
{

// Not as fast as it can, or the traces would be as large as they may be.
const char *const endless = "core.generate :name=source size=64 count=0 rate=2000 | "
                            "debug.work :name=filter :workers=2 | core.null :name=sink";

void make_photos(const std::string &folder, int n)
{
    std::filesystem::create_directory(folder);
    for (int i = 0; i < n; i++) {
        png_image picture = {};
        picture.version = PNG_IMAGE_VERSION;
        picture.width = picture.height = 200 + static_cast<unsigned>(i);
        picture.format = PNG_FORMAT_RGB;
        std::vector<uint8_t> pixels(PNG_IMAGE_SIZE(picture));
        for (size_t at = 0; at < pixels.size(); at++)
            pixels[at] = static_cast<uint8_t>(at * static_cast<size_t>(i + 1) / 7);
        std::string path = folder + "/" + std::to_string(1000 + i) + ".png";
        ASSERT_NE(png_image_write_to_file(&picture, path.c_str(), 0, pixels.data(), 0, nullptr), 0) << picture.message;
    }
}

// The whole trace, or what is in it so far of a run that goes on.
CheckedTrace trace_in(const Folder &folder, bool unended = false)
{
    return CheckedTrace(read_file(folder / "trace.json"), unended);
}

size_t count_by_now(const Folder &folder, const std::string &text)
{
    const std::string trace = read_file(folder / "trace.json");
    size_t n = 0;
    for (size_t at = trace.find(text); at != std::string::npos; at = trace.find(text, at + 1))
        n++;
    return n;
}

bool has_by_now(const Folder &folder, const std::string &text)
{
    return count_by_now(folder, text) > 0;
}

size_t arrows(const CheckedTrace &trace, const std::string &from, const std::string &to)
{
    size_t n = 0;
    for (const TraceFlow &f : trace.flows)
        n += f.from.rfind(from + "/", 0) == 0 && f.to.rfind(to + "/", 0) == 0;
    return n;
}

} // namespace

TEST(Trace, OfThePhotoPipelineIsWhatPerfettoWantsAndShowsTheWaitOfTheSink)
{
    Folder folder;
    make_photos(folder / "photos", 40);
    std::filesystem::create_directory(folder / "out");
    Running run(folder, {"-e",
                         "files.read :name=read path=photos | image.decode :name=decode :workers=2 | "
                         "image.resize :name=resize shorter=100 | image.encode :name=encode format=jpeg | "
                         "wds.write :name=write pattern=out/%06d.tar",
                         "--set", "memory=128M", "--trace", "trace.json"});
    Result result = run.finish();
    ASSERT_EQ(result.exit_code, 0) << result.errors;
    CheckedTrace trace = trace_in(folder);
    EXPECT_EQ(trace.Problems(), "");
    const std::vector<std::string> stages = {"read", "decode", "resize", "encode", "write"};
    for (const std::string &stage : stages) {
        EXPECT_GE(trace.Spans(stage + "/0", "start"), 1u) << stage;
        EXPECT_GE(trace.Spans(stage + "/0", "commit"), 1u) << stage;
        EXPECT_GE(trace.Spans(stage + "/0", "process"), 1u) << stage;
    }
    EXPECT_GT(trace.Us("write/0", "wait input"), 0.0) << "it is quicker than what comes before it";
    for (size_t i = 0; i + 1 < stages.size(); i++)
        EXPECT_GE(arrows(trace, stages[i], stages[i + 1]), 1u) << stages[i];
    long long frames = 0;
    for (const TraceSpan &span : trace.spans)
        frames += span.track == "write/0" && span.name == "commit" ? span.arguments.at("frames") : 0;
    EXPECT_EQ(frames, 40) << "each is in a commit";
    EXPECT_FALSE(trace.counts.empty());
    EXPECT_EQ(trace.Marks("end of the trace"), 1u);
}

TEST(Trace, WithWorkersThatAreKilledAllTheTimeIsWholeAndMarksEachDeath)
{
    const size_t kills = 20;
    Folder folder;
    Running run(folder, {"-e", endless, "--set", "memory=64M", "--trace", "trace.json"});
    std::mt19937 dice(5);
    for (size_t killed = 0; killed < kills;) {
        auto workers = run.workers();
        ASSERT_FALSE(run.is_over());
        if (workers.size() < 4) {
            std::this_thread::yield();
            continue;
        }
        kill(workers[dice() % workers.size()].pid, SIGKILL);
        killed++;
        ASSERT_TRUE(run.wait_until([&] { return count_by_now(folder, "died of SIGKILL") >= killed; }));
    }
    kill(run.pid(), SIGTERM);
    Result result = run.finish();
    ASSERT_EQ(result.exit_code, 0) << result.errors;
    EXPECT_EQ(broken_identity(result), "");
    CheckedTrace trace = trace_in(folder);
    EXPECT_EQ(trace.Problems(), "");
    EXPECT_EQ(trace.Marks("died of SIGKILL"), kills);
    EXPECT_GE(trace.Marks("restart"), kills - 1) << "the last may have had nothing left to do";
}

TEST(Trace, OfAHostThatIsKilledHasAllThatWasWrittenAndOpens)
{
    for (int round = 0; round < 3; round++) {
        Folder folder;
        Running run(folder, {"-e", endless, "--set", "memory=64M", "--trace", "trace.json"});
        ASSERT_TRUE(run.wait_until([&] { return has_by_now(folder, "\"commit\""); }));
        kill(run.pid(), SIGKILL);
        run.finish();
        CheckedTrace trace = trace_in(folder, true);
        EXPECT_EQ(trace.Problems(), "");
        EXPECT_GE(trace.Spans("source/0", "commit"), 1u);
    }
}

TEST(Trace, IsNoLargerThanItMayBeAndSaysHowMuchHadNoRoom)
{
    Folder folder;
    Running run(folder, {"-e", endless, "--set", "memory=64M", "--trace", "trace.json", "--trace-size", "100K"});
    ASSERT_TRUE(run.wait_until([&] { return has_by_now(folder, "the trace is full"); }));
    kill(run.pid(), SIGTERM);
    Result result = run.finish();
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_THAT(result.errors, HasSubstr("the trace is not complete"));
    EXPECT_LE(std::filesystem::file_size(folder / "trace.json"), 100u * 1024);
    CheckedTrace trace = trace_in(folder);
    EXPECT_EQ(trace.Problems(), "");
    ASSERT_EQ(trace.Marks("end of an incomplete trace"), 1u);
    EXPECT_THAT(trace.marks.back().why, HasSubstr("dropped, as the file is full"));
}

TEST(Trace, MarksWhatTheScalerDecides)
{
    Folder folder;
    Running run(folder,
                {"-e",
                 "core.generate count=0 size=64 | debug.work :name=filter wait=2ms :workers=1-4 :queue=64 | core.null",
                 "--set", "memory=64M", "--trace", "trace.json"});
    ASSERT_TRUE(run.wait_until([&] { return has_by_now(folder, "1 -> "); }));
    kill(run.pid(), SIGINT);
    EXPECT_EQ(run.finish().exit_code, 0);
    CheckedTrace trace = trace_in(folder);
    EXPECT_EQ(trace.Problems(), "");
    bool marked = false;
    for (const TraceMark &mark : trace.marks)
        marked |= mark.process == "filter (debug.work)" && mark.name.rfind("1 -> ", 0) == 0 &&
                  mark.why.find("it would hold back the rest") == 0;
    EXPECT_TRUE(marked);
}

TEST(Trace, ThatCannotBeWrittenEndsTheRunBeforeItStarts)
{
    Folder folder;
    const std::string line = "core.generate count=1 size=64 | core.null";
    Result result = Running(folder, {"-e", line, "--trace", "none/trace.json"}).finish();
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_THAT(result.reason, HasSubstr("cannot write the trace 'none/trace.json': No such file"));
    ASSERT_EQ(mkfifo((folder / "pipe").c_str(), 0600), 0);
    EXPECT_EQ(Running(folder, {"-e", line, "--trace", "pipe"}).finish().exit_code, 1);
    for (const std::vector<std::string> &more : {std::vector<std::string>{"--trace-size", "1M"},
                                                 {"--trace", "trace.json", "--trace-size", "much"},
                                                 {"--trace", "trace.json", "--trace-size", "1K"}}) {
        std::vector<std::string> words = {"-e", line};
        words.insert(words.end(), more.begin(), more.end());
        EXPECT_EQ(Running(folder, words).finish().exit_code, 2) << more.back();
    }
}
