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
            done_ += rate / 2;
            for (int s = 0; s < 2; s++) {
                stage_observation &o = seen_.stages[s];
                o.done = static_cast<uint64_t>(done_);
                o.busy_ns += static_cast<uint64_t>(runnable / 2 * 0.5e9);
                o.cpu_ns += static_cast<uint64_t>(rate / 2 * 1e6);
                o.run_delay_ns += static_cast<uint64_t>(runnable / 2 * 0.5e9 - rate / 2 * 1e6);
                o.wait_input_ns += s == 0 ? 0 : static_cast<uint64_t>(0.3e9 * stages[1].workers);
            }
            probe_finding finding = probe_step(&probe_, stages, 2, &seen_, &breaks_, now_);
            move = {probe_.stage, probe_.to};
            if (finding != PROBE_NOTHING)
                return finding;
        }
        return PROBE_NOTHING;
    }
    uint64_t Seconds() const { return now_ / NS_PER_S; }
    void Doubt(uint32_t stage, int dearer) { probe_doubt(&probe_, stage, dearer); }
    void Intrude(uint32_t stage) { probe_intrude(&probe_, stage, now_); }

    attempt_stage stages[2] = {{4, 1, 10, 0, 0.001, 0}, {4, 1, 10, 0, 0.001, 0}};
    breaks breaks_ = {};
    struct {
        uint32_t stage, to;
    } move = {9, 9};

  private:
    probe probe_ = {};
    observation seen_ = {};
    uint64_t now_ = 0;
    double done_ = 0; // frames of each stage
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

TEST(Probe, WhereAWorkerFewerDoesHarmFarFewerAreNotTried)
{
    Bench b;
    b.stages[0].least = 4;
    ASSERT_EQ(b.Run(1000, 6), PROBE_TRY);
    b.stages[1].workers = 3;
    ASSERT_EQ(b.Run(800, 6), PROBE_UNDO);
    b.stages[1].workers = 4;
    EXPECT_EQ(b.Run(1000, 6, 2000), PROBE_NOTHING);
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
    b.Doubt(1, 1);
    EXPECT_EQ(b.Run(1600, 1.6), PROBE_UNDO);
    EXPECT_LE(b.Seconds() - tried, 1u);
    EXPECT_EQ(b.move.to, 4u);
    b.stages[0].workers = 4;
    EXPECT_EQ(b.Run(800, 1.6), PROBE_TRY) << "nor is it held against the stage";
    EXPECT_EQ(b.move.stage, 0u);
}

// More workers make frames dearer, if anything: it was the frames.
TEST(Probe, ATrySaysNothingWhenItsOwnStageBecomesCheaperThoughItHasMoreWorkers)
{
    Bench b;
    ASSERT_EQ(b.Run(800, 1.6), PROBE_TRY);
    b.stages[0].workers = 6;
    b.Doubt(0, -1);
    EXPECT_EQ(b.Run(1600, 1.6), PROBE_UNDO);
}

TEST(Probe, ATrySaysNothingWhenTheCoresChange)
{
    Bench b;
    ASSERT_EQ(b.Run(800, 1.6), PROBE_TRY);
    b.Doubt(0, 0);
    EXPECT_EQ(b.Run(1600, 1.6, 1), PROBE_UNDO);
}

TEST(Probe, WorkersThatSomebodyElseSetAreNotTakenBack)
{
    Bench b;
    ASSERT_EQ(b.Run(800, 1.6), PROBE_TRY);
    b.stages[0].workers = b.stages[0].least = b.stages[0].most = 8;
    b.Intrude(0);
    EXPECT_EQ(b.Run(800, 1.6), PROBE_NOTHING);
}

TEST(Probe, ATrySaysNothingWhenSomebodyElseSetsAnotherStage)
{
    Bench b;
    ASSERT_EQ(b.Run(800, 1.6), PROBE_TRY);
    b.Intrude(1);
    EXPECT_EQ(b.Run(1600, 1.6, 1), PROBE_UNDO);
}

// 10 s, four times as many for each try since one helped, and no more than a quarter of an hour.
TEST(Probe, TheRestIsLongerAfterEachTryAndNoLongerThanAQuarterOfAnHour)
{
    Bench b;
    uint64_t last = 0, longest = 0, before = 0;
    for (int tries = 0; tries < 4; tries++) {
        ASSERT_EQ(b.Run(1000, 6, 4000), PROBE_TRY) << tries;
        uint64_t rested = b.Seconds() - last;
        EXPECT_GT(rested, before);
        before = rested;
        longest = std::max(longest, rested);
        b.stages[b.move.stage].workers = b.move.to;
        ASSERT_EQ(b.Run(1000, 6), PROBE_UNDO);
        b.stages[b.move.stage].workers = b.move.to;
        last = b.Seconds();
    }
    EXPECT_GE(longest, 160u);
    EXPECT_LE(longest, 960u);
}

TEST(Probe, WhatItsOwnStageCostsMayChangeWithTheTry)
{
    Bench b;
    ASSERT_EQ(b.Run(800, 1.6), PROBE_TRY);
    b.stages[0].workers = 6;
    b.Doubt(0, 1);
    EXPECT_EQ(b.Run(900, 1.8), PROBE_KEEP);
}

// 16 frames a second of two stages are 1,280 in the longest look: chance is 3 %, in two such looks 4 %.
TEST(Probe, WhereThereIsMuchChanceAGainHasToBeTwiceThat)
{
    for (bool clear : {false, true}) {
        Bench b;
        ASSERT_EQ(b.Run(16, 6), PROBE_TRY);
        b.stages[0].workers = 3;
        EXPECT_EQ(b.Run(clear ? 18 : 17, 6), clear ? PROBE_KEEP : PROBE_UNDO);
    }
}

// In each cycle of eight seconds there is no input for four.
TEST(Probe, WithBreaksItLooksFromTheEndOfOneToThatOfAnother)
{
    Bench b;
    b.breaks_.n = 3;
    for (int cycle = 0; cycle < 3; cycle++) {
        ASSERT_EQ(b.Run(1000, 6, 15), PROBE_NOTHING) << "cycle " << cycle;
        b.breaks_.has_ended = 1;
        b.breaks_.without_s += 4;
        if (b.Run(1000, 6, 1) == PROBE_TRY)
            return;
        b.breaks_.has_ended = 0;
    }
    FAIL() << "nothing was tried at the end of a break";
}

TEST(Probe, WithBreaksThatBecomeLongerATrySaysNothing)
{
    Bench b;
    b.breaks_.n = 3;
    double off_s = 4;
    probe_finding finding = PROBE_NOTHING;
    for (int cycle = 0; cycle < 12 && (finding == PROBE_NOTHING || finding == PROBE_TRY); cycle++) {
        if (finding == PROBE_TRY)
            off_s = 6;
        b.breaks_.has_ended = 0;
        ASSERT_EQ(b.Run(finding == PROBE_TRY ? 1200 : 1000, 6, 15), PROBE_NOTHING);
        b.breaks_.has_ended = 1;
        b.breaks_.without_s += off_s;
        probe_finding at_end = b.Run(1000, 6, 1);
        finding = at_end == PROBE_NOTHING ? finding : at_end;
    }
    EXPECT_EQ(finding, PROBE_UNDO);
}
