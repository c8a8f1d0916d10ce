// The budget workers_memory, as seen from outside: whatever the plugins want and whoever is killed, all processes of
// the pipeline together have no more private memory.
#include "running.h"

#include <algorithm>
#include <csignal>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace crash;
using testing::HasSubstr;
using testing::Not;

namespace
{

constexpr long long MiB = 1 << 20;

long long private_memory(pid_t pid)
{
    std::ifstream rollup("/proc/" + std::to_string(pid) + "/smaps_rollup");
    for (std::string key; rollup >> key;)
        if (long long kib; key == "Pss_Anon:" && rollup >> kib)
            return kib * 1024;
    return 0;
}

long long private_memory(const Running &run)
{
    long long sum = private_memory(run.pid());
    for (const auto &process : run.descendants())
        sum += private_memory(process.pid);
    return sum;
}

class Budget : public testing::Test
{
  protected:
    void SetUp() override
    {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
        GTEST_SKIP() << "a process with a sanitizer maps terabytes, so its data cannot be limited";
#endif
    }

    // With so many MiB for all processes.
    static std::vector<std::string> Line(const std::string &pipeline, int budget)
    {
        return {"-e",    pipeline,     "--set", "workers_memory=" + std::to_string(budget) + "M",
                "--set", "memory=64M", "--set", "huge_pages=off"};
    }

    Folder folder_;
};

} // namespace

TEST_F(Budget, IsNeverPassedWhileFramesOfAllSizesTakeMemoryAndWorkersAreKilled)
{
    constexpr long long budget = 160;
    // No frame takes more than some 60 MiB; the eight workers together would take far more than there is.
    Running run(folder_, Line("core.generate count=0 :name=source | debug.work :name=work wait=10ms memory=4M "
                              "frame_memory=8M spread=0.9 :queue=16 :workers=8 | core.null",
                              budget));
    long long most = 0;
    size_t samples = 0, kills = 0;
    run.wait_until([&] {
        most = std::max(most, private_memory(run));
        std::vector<Process> victims;
        for (const auto &worker : run.workers())
            if (worker.name.rfind("work/", 0) == 0)
                victims.push_back(worker);
        if (++samples % 12 == 0 && !victims.empty())
            kills += kill(victims[samples / 12 % victims.size()].pid, SIGKILL) == 0;
        return samples >= 100 && kills >= 6 && most > budget * MiB / 2;
    });
    kill(run.pid(), SIGTERM);
    const Result result = run.finish();
    EXPECT_EQ(result.exit_code, 0) << result.errors;
    EXPECT_EQ(broken_identity(result), "");
    EXPECT_LE(most, budget * MiB) << samples << " samples";
    EXPECT_THAT(result.errors, Not(HasSubstr("is refused"))) << "each frame would fit alone";
}

TEST_F(Budget, IsSharedByAFixedNumberOfWorkersThatCannotAllHaveWhatTheyNeedAtOnce)
{
    Running run(folder_, Line("core.generate count=12 | lab.hungry size=60M delay=1ms :workers=4 | core.null", 100));
    const Result result = run.finish();
    EXPECT_EQ(result.exit_code, 0) << result.errors;
    EXPECT_EQ(result.stages.at("null")["in"], 12) << "fewer at a time, and nobody is refused";
}

TEST_F(Budget, CountsWhatLoadTookOnceAndNotForEachWorker)
{
    Running run(folder_, Line("core.generate count=100 | lab.hungry model=100M delay=1ms :workers=4 | core.null", 200));
    const Result result = run.finish();
    EXPECT_EQ(result.exit_code, 0) << result.errors;
}

TEST_F(Budget, AFrameThatNeedsMoreIsADeadLetterThatNamesTheSetting)
{
    auto line = Line("core.generate count=2 | debug.work frame_memory=200M | core.null", 100);
    line.insert(line.end(), {"--set", "dead_letters=dead"});
    Running run(folder_, line);
    const Result result = run.finish();
    EXPECT_EQ(result.exit_code, 3) << result.errors;
    EXPECT_EQ(result.stages.at("work")["dead"], 2);
    EXPECT_THAT(result.errors, HasSubstr("the processor has no memory; it was refused 204800 KiB of memory of its own: "
                                         "raise workers_memory"));
}

TEST_F(Budget, APluginThatDiesForWantOfMemoryIsSaidToHaveDiedOfThat)
{
    Running run(folder_, Line("core.generate count=1 | lab.hungry size=200M | core.null", 100));
    const Result result = run.finish();
    EXPECT_EQ(result.exit_code, 3) << result.errors;
    EXPECT_THAT(result.errors, HasSubstr("worker died of SIGABRT with a frame in hand; it was refused 204800 KiB"));
    EXPECT_THAT(result.errors,
                HasSubstr("the worker was killed by SIGABRT while it had this frame in hand, 3 times; it was refused "
                          "204800 KiB of memory of its own: raise workers_memory"));
}

TEST_F(Budget, AStageWhoseOnlyWorkerCannotOpenWithinItEndsThePipelineAndNamesTheSetting)
{
    Running run(folder_, Line("core.generate count=10 | debug.work memory=200M | core.null", 100));
    const Result result = run.finish();
    EXPECT_EQ(result.exit_code, 1) << result.errors;
    EXPECT_THAT(result.reason, HasSubstr("stage 'work' is given up"));
    EXPECT_THAT(result.reason, HasSubstr("it was refused 204800 KiB of memory of its own: raise workers_memory"));
}

TEST_F(Budget, AStageThatCannotLoadWithinItEndsThePipelineAndNamesTheSetting)
{
    Running run(folder_, Line("core.generate count=10 | lab.hungry model=200M | core.null", 100));
    const Result result = run.finish();
    EXPECT_EQ(result.exit_code, 1) << result.errors;
    EXPECT_THAT(result.reason, HasSubstr("it was refused 204800 KiB of memory of its own: raise workers_memory"));
}

TEST_F(Budget, TooLittleForOneWorkerOfEachStageIsSaidAtTheStart)
{
    Running run(folder_,
                Line("core.generate count=10 | debug.work | debug.work | debug.work | debug.work | core.null", 20));
    const Result result = run.finish();
    EXPECT_NE(result.exit_code, 0) << "the last servers do not load, or the workers do not fit: it is near";
    EXPECT_THAT(result.reason, HasSubstr("raise workers_memory"));
}
