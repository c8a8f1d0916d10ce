// The host as a whole: stages get workers as they need them, and it says why.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "child.h"
#include "shell.h"

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

namespace
{

class Scaling : public testing::Test
{
  protected:
    // What it wrote to stderr.
    std::string Run(const std::string &pipeline)
    {
        const Outcome o = folder_.run("micropipe run -e '" + pipeline + "' 2>messages");
        std::string messages = folder_.read("messages");
        EXPECT_EQ(o.status, 0) << messages;
        return messages;
    }

    Folder folder_;
};

} // namespace

TEST_F(Scaling, AStageThatWaitsGetsMoreWorkersThanThereAreCoresAndTheReasonIsLogged)
{
    std::string log = Run("core.generate count=2000 | debug.work wait=20ms | core.null");
    EXPECT_THAT(log, ContainsRegex("work: 1 -> [0-9]+ workers: it would hold back the rest: 1 carry [0-9.]+ frames/s"));
    EXPECT_THAT(log, ContainsRegex("work +[1-9][0-9] +2 000")) << "and the table has them";
}

TEST_F(Scaling, EachDecisionIsKeptForTheSummary)
{
    const Outcome o = folder_.run("micropipe run --json --quiet -e 'core.generate count=500 | debug.work wait=20ms "
                                  ":workers=1-3 | core.null'");
    EXPECT_EQ(o.status, 0);
    EXPECT_THAT(o.output,
                ContainsRegex("\"stage\": \"work\",[ \n]+\"from\": 1,[ \n]+\"to\": [23],[ \n]+\"why\": \"it would"));
}

// Two seconds each, all of it on the one core: more workers than a few would only make the first frame late.
TEST_F(Scaling, SlowFramesThatComputeAreNotTakenForFramesThatWait)
{
    std::string log = Run("core.generate count=2 | debug.work cpu=2s | core.null' --set 'cpus=1");
    EXPECT_THAT(log, Not(ContainsRegex("-> ([5-9]|[1-9][0-9]) workers")));
}

TEST_F(Scaling, AFixedNumberStays)
{
    std::string log = Run("core.generate count=200 | debug.work wait=20ms :workers=2 | core.null");
    EXPECT_THAT(log, Not(HasSubstr("->")));
    EXPECT_THAT(log, ContainsRegex("work +2 +200"));
}

TEST_F(Scaling, WhatLimitsThePipelineIsTold)
{
    std::string log = Run("core.generate count=300 | debug.work wait=20ms :workers=1 | core.null");
    EXPECT_THAT(log, ContainsRegex("limited by: stage work \\(1 worker, max = 1, busy [0-9]+ %\\)"));
}

TEST_F(Scaling, TuneRunsThePipelineForAWhileAndPrintsItWithTheNumbersThatItFound)
{
    const Outcome o =
        folder_.run("micropipe tune --seconds 10 -e 'core.generate | debug.work wait=20ms :queue=64 :workers=1-6 | "
                    "core.null' >tuned.cfg 2>messages");
    EXPECT_EQ(o.status, 0) << folder_.read("messages");
    std::string tuned = folder_.read("tuned.cfg");
    EXPECT_THAT(tuned, ContainsRegex("^# found by micropipe tune in [0-9]+ s: [0-9.]+ frames/s of the source"));
    EXPECT_THAT(tuned, HasSubstr("limited by: stage work (6 workers, max = 6"));
    EXPECT_THAT(tuned, HasSubstr("# another core would bring nothing"));
    EXPECT_THAT(tuned, HasSubstr("workers = 6;"));
    EXPECT_EQ(folder_.run("micropipe check tuned.cfg").status, 0) << tuned;
}

TEST_F(Scaling, TuneOfAPipelineThatCannotStartSaysWhyAndPrintsNone)
{
    const Outcome o = folder_.run("micropipe tune --set memory=5M -e 'core.generate | core.null' >tuned.cfg");
    EXPECT_EQ(o.status, 2);
    EXPECT_THAT(o.output, HasSubstr("micropipe tune: "));
    EXPECT_THAT(o.output, HasSubstr("set memory to"));
    EXPECT_EQ(folder_.read("tuned.cfg"), "");
}

TEST_F(Scaling, TunePrintsWhatItFoundThoughTheRunCannotBeDrainedInTime)
{
    const Outcome o = folder_.run("micropipe tune --seconds 1 --set drain_timeout=600ms -e 'core.generate | debug.work "
                                  "wait=1h :workers=1-2 | core.null' 2>messages");
    EXPECT_EQ(o.status, 1);
    EXPECT_THAT(o.output, ContainsRegex("^# found by micropipe tune in 1 s"));
    EXPECT_THAT(o.output, ContainsRegex("workers = [12];"));
    EXPECT_THAT(folder_.read("messages"), HasSubstr("micropipe tune: "));
}

TEST_F(Scaling, NoMoreThanTheMostIsGiven)
{
    std::string log = Run("core.generate count=1000 | debug.work wait=20ms :workers=1-5 | core.null");
    EXPECT_THAT(log, HasSubstr("-> 5 workers"));
    EXPECT_THAT(log, Not(ContainsRegex("-> [6-9]")));
}

TEST_F(Scaling, TheBudgetOfMemoryLimitsTheNumberOfWorkersAndTheLogSaysSo)
{
#if SANITIZED
    GTEST_SKIP() << "a process with a sanitizer maps terabytes, so its data cannot be limited";
#endif
    Running run({"run", "-e", "core.generate count=0 | debug.work wait=20ms memory=20M :queue=16 | core.null", "--set",
                 "memory=64M", "--set", "workers_memory=120M"});
    run.WaitFor("memory allows no more");
    run.WaitFor("limited by: memory");
    EXPECT_THAT(run.said(), Not(ContainsRegex("-> ([6-9]|[1-9][0-9]) workers"))) << "of 20 MiB each";
    run.Signal(SIGTERM);
    EXPECT_EQ(run.Wait(), 0);
}
