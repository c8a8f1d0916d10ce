// Probes: a stage is changed to see whether that helps, and changed back if not.
extern "C" {
#include "clock.h"
#include "probe.h"
}

#include <gtest/gtest.h>

namespace
{

// Two stages on two cores, whose counters go on as they are told to.
class Bench
{
  public:
    Bench() { seen_.cpus = 2; }

    // Half seconds of so many frames/s at 1 ms of CPU each, with so many workers runnable, until something is found.
    probe_finding Run(double rate, double runnable, int ticks = 200)
    {
        for (int i = 0; i < ticks; i++) {
            now_ += NS_PER_S / 2;
            for (int s = 0; s < 2; s++) {
                stage_observation &o = seen_.stages[s];
                o.done += static_cast<uint64_t>(rate / 2);
                o.busy_ns += static_cast<uint64_t>(runnable / 2 * 0.5e9);
                o.cpu_ns += static_cast<uint64_t>(rate / 2 * 1e6);
                o.run_delay_ns += static_cast<uint64_t>(runnable / 2 * 0.5e9 - rate / 2 * 1e6);
                o.wait_input_ns += s == 0 ? 0 : static_cast<uint64_t>(0.3e9 * stages[1].workers);
            }
            probe_finding finding = probe_step(&probe_, stages, 2, &seen_, now_, &move);
            if (finding != PROBE_NOTHING)
                return finding;
        }
        return PROBE_NOTHING;
    }
    uint64_t Seconds() const { return now_ / NS_PER_S; }
    void Forget(uint64_t which) { probe_forget(&probe_, which); }

    probe_stage stages[2] = {{4, 1, 10, 0.001}, {4, 1, 10, 0.001}};
    probe_move move = {9, 9};

  private:
    probe probe_ = {};
    observation seen_ = {};
    uint64_t now_ = 0;
};

} // namespace

TEST(Probe, AWorkerMoreIsTriedWhereCoresAreFreeAndTheStageIsAlwaysAtWork)
{
    Bench b;
    EXPECT_EQ(b.Run(800, 1.6), PROBE_TRY);
    EXPECT_EQ(b.move.stage, 0u);
    EXPECT_EQ(b.move.to, 6u);
    b.stages[0].workers = 6;
    EXPECT_EQ(b.Run(900, 1.8), PROBE_KEEP);
    EXPECT_EQ(b.move.to, 6u);
}

TEST(Probe, WhatDoesNotHelpIsTakenBackAndNotTriedAgain)
{
    Bench b;
    ASSERT_EQ(b.Run(800, 1.6), PROBE_TRY);
    b.stages[0].workers = 5;
    EXPECT_EQ(b.Run(800, 1.6), PROBE_UNDO);
    EXPECT_EQ(b.move.stage, 0u);
    EXPECT_EQ(b.move.to, 4u);
    b.stages[0].workers = 4;
    EXPECT_EQ(b.Run(800, 1.6, 2000), PROBE_NOTHING);
}

TEST(Probe, AWorkerFewerIsTriedWhereTheyCrowdTheCores)
{
    Bench b;
    EXPECT_EQ(b.Run(1000, 6), PROBE_TRY);
    EXPECT_EQ(b.move.to, 3u);
}

TEST(Probe, NothingIsTriedWhereTheCoresAreFullAndNotCrowdedOrAStageIsAtItsLimit)
{
    Bench full, limited;
    EXPECT_EQ(full.Run(1000, 2.2), PROBE_NOTHING);
    limited.stages[0].most = 4;
    EXPECT_EQ(limited.Run(800, 1.6), PROBE_NOTHING);
}

TEST(Probe, WhereAWorkerFewerIsNoBetterFarFewerAreTried)
{
    Bench b;
    b.stages[0].least = 4;
    ASSERT_EQ(b.Run(1000, 6), PROBE_TRY);
    ASSERT_EQ(b.move.to, 3u);
    b.stages[1].workers = 3;
    ASSERT_EQ(b.Run(1000, 6), PROBE_UNDO);
    b.stages[1].workers = 4;
    EXPECT_EQ(b.Run(1000, 6), PROBE_TRY);
    EXPECT_EQ(b.move.stage, 1u);
    EXPECT_EQ(b.move.to, 2u);
}

TEST(Probe, AStepDownLeavesWorkersEnoughForTheCores)
{
    Bench b;
    b.stages[0].least = 4;
    b.stages[1].workers = 40; // 3 of 2.9 runnable workers are on two cores
    ASSERT_EQ(b.Run(1000, 2.9), PROBE_TRY);
    EXPECT_EQ(b.move.stage, 1u);
    EXPECT_GE(b.move.to, 20u);
}

// 200 frames a second are 1,000 in the least time that is looked: chance is some 3 %.
TEST(Probe, WhatIsFarBeyondChanceIsJudgedSoon)
{
    Bench b;
    ASSERT_EQ(b.Run(200, 6), PROBE_TRY);
    uint64_t tried = b.Seconds();
    EXPECT_EQ(b.Run(100, 6), PROBE_UNDO);
    EXPECT_LE(b.Seconds() - tried, 8u);
}

// As when half of the cores are taken away while it is on.
TEST(Probe, ATrySaysNothingWhenTheOthersChangeMeanwhile)
{
    Bench b;
    ASSERT_EQ(b.Run(800, 1.6), PROBE_TRY);
    b.stages[0].workers = 6;
    uint64_t tried = b.Seconds();
    b.Forget(3);
    EXPECT_EQ(b.Run(1600, 1.6), PROBE_UNDO);
    EXPECT_LE(b.Seconds() - tried, 1u);
    EXPECT_EQ(b.move.to, 4u);
    b.stages[0].workers = 4;
    EXPECT_EQ(b.Run(800, 1.6), PROBE_TRY) << "nor is it held against the stage";
    EXPECT_EQ(b.move.stage, 0u);
}

TEST(Probe, WhatItsOwnStageCostsMayChangeWithTheTry)
{
    Bench b;
    ASSERT_EQ(b.Run(800, 1.6), PROBE_TRY);
    b.stages[0].workers = 6;
    b.Forget(1);
    EXPECT_EQ(b.Run(900, 1.8), PROBE_KEEP);
}
