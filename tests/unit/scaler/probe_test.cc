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
    EXPECT_EQ(b.move.to, 5u);
    b.stages[0].workers = 5;
    EXPECT_EQ(b.Run(900, 1.8), PROBE_KEEP);
    EXPECT_EQ(b.move.to, 5u);
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
