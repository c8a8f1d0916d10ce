// How frames flow: fan-out, fan-in, order, full queues, the end of the stream.
#include "running.h"

#include <gtest/gtest.h>

using namespace crash;
using namespace std::chrono_literals;

namespace
{

const char *const diamond =
    "core.generate :name=source count=%COUNT% size=64 | lab.pass :name=quick :inputs=source |"
    "lab.copy :name=slow :inputs=source | debug.checksum :name=end :inputs=quick,slow keys=true path=sum";

std::string with_count(std::string line, long long count)
{
    // Not faster than half a second in all: on a fast machine, too, workers are killed that have something to do.
    return line.replace(line.find("%COUNT%"), 7, std::to_string(count) + " rate=" + std::to_string(2 * count));
}

} // namespace

TEST(Flow, EachBranchOfAFanOutGetsEachFrameOnce)
{
    Folder folder;
    Running run(folder, {"-e", with_count(diamond, 20000)});
    Result result = run.finish();
    EXPECT_EQ(result.exit_code, 0) << result.errors;
    EXPECT_EQ(broken_identity(result), "");
    EXPECT_EQ(result.stages["quick"]["in"], 20000);
    EXPECT_EQ(result.stages["slow"]["in"], 20000);
    EXPECT_EQ(result.stages["end"]["out"], 40000);
}

TEST(Flow, KillsChangeNothingInWhatTwoBranchesSendIntoOneSink)
{
    Folder calm, rough;
    long long frames = scaled(1000000);
    Running undisturbed(calm, {"-e", with_count(diamond, frames)});
    ASSERT_EQ(undisturbed.finish().exit_code, 0);
    Running run(rough, {"-e", with_count(diamond, frames)});
    int kills = run.kill_workers(20ms, 7, anybody);
    Result result = run.finish();
    EXPECT_EQ(result.exit_code, 0) << result.errors;
    EXPECT_GT(kills, 0);
    EXPECT_EQ(broken_identity(result), "");
    EXPECT_EQ(result.stages["end"]["out"], 2 * frames);
    EXPECT_EQ(unordered_digest(rough / "sum"), unordered_digest(calm / "sum"));
}

TEST(Flow, AFullQueueOfAnEdgeThatDropsHoldsNobodyUp)
{
    Folder folder;
    Running run(folder, {"-e", "core.generate :name=source count=50000 size=64 | lab.sink :name=all :inputs=source |"
                               "lab.sink :name=some :inputs=source :when_full=drop :queue=16 delay=1ms"});
    Result result = run.finish();
    EXPECT_EQ(result.exit_code, 0) << result.errors;
    EXPECT_EQ(broken_identity(result), "");
    EXPECT_EQ(result.stages["all"]["out"], 50000);
    EXPECT_LT(result.stages["some"]["out"], 50000);
    EXPECT_EQ(result.stages["some"]["out"] + result.stages["source"]["skipped"], 50000);
}

TEST(Flow, AnOrderedStageGivesTheSameOrderWithAnyNumberOfWorkers)
{
    std::string first;
    for (const char *workers : {"1", "2", "5"}) {
        Folder folder;
        Running run(
            folder,
            {"-e", std::string("core.generate count=30000 size=16 size_max=300 | lab.copy :ordered=true :workers=") +
                       workers + " | debug.checksum path=sum"});
        EXPECT_EQ(run.finish().exit_code, 0);
        std::string sum = read_file(folder / "sum");
        ASSERT_NE(sum, "");
        if (first.empty())
            first = sum;
        EXPECT_EQ(sum, first) << workers << " workers";
    }
}

TEST(Flow, KillsDoNotChangeTheOrderOfAnOrderedStage)
{
    Folder calm, rough;
    std::string line = "core.generate count=" + std::to_string(scaled(500000)) +
                       " rate=" + std::to_string(scaled(1000000)) +
                       " size=64 | lab.copy :ordered=true :workers=4 | debug.checksum path=sum";
    Running undisturbed(calm, {"-e", line});
    ASSERT_EQ(undisturbed.finish().exit_code, 0);
    Running run(rough, {"-e", line});
    EXPECT_GT(run.kill_workers(20ms, 11, anybody), 0);
    EXPECT_EQ(run.finish().exit_code, 0);
    EXPECT_EQ(read_file(rough / "sum"), read_file(calm / "sum"));
}

TEST(Flow, AFrameThatAKilledWorkerHadChangedIsGivenAgainAsItWas)
{
    Folder calm, rough;
    std::string line = "core.generate count=" + std::to_string(scaled(20000)) +
                       " size=64K pattern=zero | lab.add :workers=2 | debug.checksum path=sum";
    Running undisturbed(calm, {"-e", line});
    ASSERT_EQ(undisturbed.finish().exit_code, 0);
    Running run(rough, {"-e", line});
    EXPECT_GT(run.kill_workers(5ms, 13, [](const std::string &stage) { return stage == "add"; }), 0);
    EXPECT_EQ(run.finish().exit_code, 0);
    EXPECT_EQ(unordered_digest(rough / "sum"), unordered_digest(calm / "sum"));
}

TEST(Flow, SigtermDrainsWhatIsInFlight)
{
    Folder folder;
    Running run(folder, {"-e", "core.generate count=0 size=64 | lab.pass delay=100us | lab.sink", "--set",
                         "drain_timeout=5m"}); // a busy machine wakes a sleeper late, 4096 times
    ASSERT_TRUE(run.wait_until([&] { return run.workers().size() >= 3; }));
    kill(run.pid(), SIGTERM);
    Result result = run.finish();
    EXPECT_EQ(result.exit_code, 0) << result.errors;
    EXPECT_EQ(broken_identity(result), "");
    EXPECT_NE(result.reason.find("SIGTERM"), std::string::npos) << result.reason;
    EXPECT_EQ(result.stages["sink"]["out"], result.stages["generate"]["out"]);
}

TEST(Flow, ASecondSignalStopsAtOnceAndSaysWhatIsLost)
{
    Folder folder;
    Running run(folder, {"-e",
                         "core.generate :name=source count=0 size=64 | text.write :name=file :inputs=source path=out |"
                         "lab.sink :inputs=source delay=50ms",
                         "--log-level", "info"});
    ASSERT_TRUE(run.wait_until([&] { return !read_file(folder / "out").empty(); }));
    kill(run.pid(), SIGTERM);
    ASSERT_TRUE(run.wait_until([&] { return read_file(folder / "stderr").find("drain") != std::string::npos; }));
    kill(run.pid(), SIGINT);
    Result result = run.finish();
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_NE(result.reason.find("in flight"), std::string::npos) << result.reason;
}

TEST(Flow, AStageServerThatDiesIsReplacedWithItsWorkers)
{
    Folder folder;
    Running run(folder, {"-e", "core.generate count=0 size=64 | lab.copy :workers=2 | core.null"});
    for (int i = 0; i < 5; i++) {
        std::vector<pid_t> servers;
        ASSERT_TRUE(run.wait_until([&] {
            servers.clear();
            for (const auto &p : run.descendants())
                if (p.name == "copy")
                    servers.push_back(p.pid);
            return !servers.empty() && run.workers().size() >= 4;
        }));
        kill(servers[0], SIGKILL);
        ASSERT_TRUE(run.wait_until([&] { return kill(servers[0], 0) != 0; }));
    }
    ASSERT_TRUE(run.wait_until([&] { return run.workers().size() >= 4; }));
    kill(run.pid(), SIGTERM);
    Result result = run.finish();
    EXPECT_EQ(result.exit_code, 0) << result.errors;
    EXPECT_EQ(broken_identity(result), "");
    EXPECT_GT(result.stages["null"]["out"], 0);
    EXPECT_EQ(result.stages["null"]["out"], result.stages["generate"]["out"]);
    EXPECT_EQ(result.stages["generate"]["restarts"], 0);
    EXPECT_EQ(result.stages["null"]["restarts"], 0);
}
