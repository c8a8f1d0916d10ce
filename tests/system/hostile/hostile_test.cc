// Processors that misbehave, and surroundings that do: nothing is lost, blamed on the wrong one, or waited for in vain.
#include "running.h"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

using namespace crash;

namespace
{

std::string line_of(const std::string &text, const std::string &start)
{
    size_t at = text.find(start);
    return at == std::string::npos ? "no line " + start : text.substr(at, text.find('\n', at) - at);
}

bool is_asleep(pid_t pid)
{
    std::string stat = read_file("/proc/" + std::to_string(pid) + "/stat");
    size_t at = stat.rfind(") ");
    return at != std::string::npos && stat[at + 2] == 'S';
}

// Processes whose name, as ps shows it, is that of the sinner's worker: it, and what it forked.
std::vector<Process> sinners(const Running &run)
{
    std::vector<Process> found;
    for (const Process &p : run.descendants())
        if (p.name == "sinner/0")
            found.push_back(p);
    return found;
}

bool is_gone(const Process &p)
{
    std::string stat = read_file("/proc/" + std::to_string(p.pid) + "/stat");
    size_t at = stat.rfind(") ");
    return at == std::string::npos || stat[at + 2] == 'Z';
}

// If not, it ends them.
bool all_gone_within_10_seconds(const std::vector<Process> &processes)
{
    auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!std::all_of(processes.begin(), processes.end(), is_gone)) {
        if (std::chrono::steady_clock::now() > end) {
            for (const Process &p : processes)
                kill(p.pid, SIGKILL);
            return false;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return true;
}

} // namespace

TEST(HostKilled, WhatAPluginForkedGoesWithItWhereItMayFork)
{
    for (const char *sin : {"fork", "fork_twice"}) {
        Folder folder;
        Running run(folder, {"-e", std::string("core.generate count=0 size=64 | sins.sinner sin=") + sin +
                                       " :workers=1 :sandbox=none | core.null"});
        std::vector<Process> left;
        ASSERT_TRUE(run.wait_until([&] {
            left = sinners(run);
            return left.size() >= 2;
        })) << sin;
        kill(run.pid(), SIGKILL);
        EXPECT_TRUE(all_gone_within_10_seconds(left)) << sin;
        run.finish();
    }
}

TEST(HostKilled, NothingIsLeftWhereAPluginMayNotFork)
{
    for (const char *level : {"io", "strict"}) {
        Folder folder;
        Running run(folder, {"-e", std::string("core.generate count=0 size=64 | sins.sinner sin=fork :workers=1 "
                                               ":sandbox=") +
                                       level + " | core.null"});
        ASSERT_TRUE(run.wait_until([&] { return read_file(folder / "stderr").find("clone(") != std::string::npos; }))
            << level;
        std::vector<Process> left = run.descendants();
        EXPECT_EQ(sinners(run).size(), 1u) << level;
        kill(run.pid(), SIGKILL);
        EXPECT_TRUE(all_gone_within_10_seconds(left)) << level;
        run.finish();
    }
}

TEST(TimeOut, DoesNotCountTheTimeThatAFrameWaitsForMemory)
{
    Folder folder;
    Running run(folder, {"-e",
                         "core.generate count=12 size=1M | lab.copy :workers=2 :timeout=200ms | "
                         "lab.sink :name=end delay=300ms",
                         "--set", "memory=16M"});
    Result result = run.finish();
    EXPECT_EQ(result.exit_code, 0) << result.errors;
    EXPECT_EQ(result.stages["copy"]["restarts"], 0) << result.errors;
    EXPECT_EQ(result.stages["end"]["out"], 12);
}

TEST(PullStyle, FramesThatKillGoToTheDeadLettersAlsoWhenTheyAreNeighbours)
{
    Folder folder;
    Running run(folder, {"-e", "core.generate count=1000 size=64 | rogue.poisoned count=4 :workers=1 | core.null"});
    Result result = run.finish();
    EXPECT_EQ(result.exit_code, 3) << result.reason;
    EXPECT_EQ(result.stages["poisoned"]["dead"], 4);
    EXPECT_EQ(result.stages["null"]["out"], 996);
    EXPECT_EQ(broken_identity(result), "");
}

TEST(PullStyle, GoesOnWithItsClaimAfterALongPauseBetweenTwoRuns)
{
    Folder folder;
    Running run(folder, {"-e", "core.generate count=300 size=64 | rogue.picky count=20 :workers=1 | core.null"});
    Result result = run.finish();
    EXPECT_EQ(result.exit_code, 3) << result.reason;
    EXPECT_EQ(result.stages["picky"]["dead"], 15);
    EXPECT_EQ(broken_identity(result), "");
}

TEST(PullStyle, FramesThatCanNeverFitTogetherAreRefused)
{
    Folder folder;
    Running run(folder, {"-e", "core.generate count=3 size=64 | rogue.hoard count=4 size=3M :workers=2 | core.null",
                         "--set", "memory=16M"});
    Result result = run.finish();
    EXPECT_EQ(result.exit_code, 3) << result.reason;
    EXPECT_EQ(result.stages["hoard"]["dead"], 3);
    EXPECT_NE(result.errors.find("raise stages.hoard.memory"), std::string::npos) << result.errors;
}

TEST(PullStyle, ASourceThatWaitsForMemoryStopsWithoutAWorkersDeath)
{
    Folder folder;
    Running run(folder, {"-e", "rogue.endless size=1M | lab.sink :name=end delay=30ms", "--set", "memory=16M"});
    ASSERT_TRUE(run.wait_until([&] { return run.workers().size() == 2; }));
    // Asleep at many looks in a row: it waits for memory.
    int asleep = 0;
    ASSERT_TRUE(run.wait_until([&] {
        for (const auto &worker : run.workers())
            if (worker.name == "endless/0")
                asleep = is_asleep(worker.pid) ? asleep + 1 : 0;
        return asleep > 20;
    }));
    kill(run.pid(), SIGTERM);
    Result result = run.finish();
    EXPECT_EQ(result.exit_code, 0) << result.reason;
    EXPECT_EQ(result.stages["endless"]["restarts"], 0) << result.errors;
    EXPECT_EQ(broken_identity(result), "");
}

TEST(Ordered, FramesThatTakeSeveralTransactionsLeaveInOrder)
{
    Folder one, four;
    std::string line =
        "core.generate count=40 size=64 | rogue.split count=9000 :ordered=true | debug.checksum path=sum";
    Running alone(one, {"-e", line, "--set", "stages.split.workers=1"});
    ASSERT_EQ(alone.finish().exit_code, 0);
    Running together(four, {"-e", line, "--set", "stages.split.workers=4"});
    ASSERT_EQ(together.finish().exit_code, 0);
    EXPECT_EQ(line_of(read_file(four / "sum"), "order "), line_of(read_file(one / "sum"), "order "));
}

TEST(Host, RunsWhenItInheritsThatChildrenAreIgnored)
{
    Folder folder;
    signal(SIGCHLD, SIG_IGN);
    Running run(folder, {"-e", "core.generate count=10 size=64 | core.null"});
    signal(SIGCHLD, SIG_DFL);
    EXPECT_EQ(run.finish().exit_code, 0);
}

TEST(Host, LeavesAloneWhatAShellStartedBeforeItBecameTheHost)
{
    Folder folder;
    ASSERT_EQ(mkfifo((folder / "go").c_str(), 0600), 0);
    write_file(folder / "script",
               "(read line <go; echo $line >said) &\n"
               "exec " MICROPIPE_PROGRAM " run --quiet -e 'core.generate count=10 size=64 | core.null' 2>errors\n");
    std::string command = "cd " + folder.path() + " && MICROPIPE_PLUGIN_PATH=" MICROPIPE_PACKS " sh script";
    EXPECT_EQ(std::system(command.c_str()), 0) << read_file(folder / "errors");
    int fifo = open((folder / "go").c_str(), O_WRONLY | O_NONBLOCK);
    EXPECT_GE(fifo, 0) << "nobody reads it any more";
    close(fifo);
}

TEST(Memory, MoreThanTheMachineHasIsRefusedInsteadOfBroughtDownByTheKernel)
{
    Folder folder;
    Running run(folder, {"-e", "core.generate count=10 size=64 | core.null", "--set", "memory=8T"});
    Result result = run.finish();
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_NE(result.reason.find("are available; lower 'memory'"), std::string::npos) << result.reason;
}
