// What a snapshot says: shares of time, and the stage that limits the others.
extern "C" {
#include "snapshot.h"
}

#include <gtest/gtest.h>

namespace
{

stage_snapshot With(uint64_t busy, uint64_t input, uint64_t output, uint64_t ended = 0)
{
    stage_snapshot s = {};
    s.busy_ns = busy;
    s.wait_input_ns = input;
    s.wait_output_ns = output;
    s.ended_ns = ended;
    return s;
}

} // namespace

TEST(Snapshot, AStageThatDidNothingYetIsNotBusy)
{
    stage_snapshot s = With(0, 0, 0);
    EXPECT_EQ(stage_busy_percent(&s), 0u);
}

TEST(Snapshot, BusyIsTheShareOfAllTime)
{
    stage_snapshot s = With(25, 50, 25);
    EXPECT_EQ(stage_busy_percent(&s), 25u);
}

TEST(Snapshot, TheTimeAfterAStagesEndIsNotBusy)
{
    stage_snapshot s = With(10, 0, 0, 90);
    EXPECT_EQ(stage_busy_percent(&s), 10u);
}

TEST(Snapshot, NobodyIsTheBottleneckOfWhatHasNotStarted)
{
    snapshot s = {};
    s.n_stages = 3;
    EXPECT_EQ(snapshot_bottleneck(&s), -1);
}

TEST(Snapshot, ASourceThatWaitsItselfIsTheBottleneckOfStagesThatAreNotBusy)
{
    snapshot s = {};
    s.n_stages = 3;
    s.stages[0] = With(2, 98, 0);
    s.stages[0].is_source = 1;
    s.stages[1] = With(20, 80, 0);
    s.stages[2] = With(5, 95, 0);
    EXPECT_EQ(snapshot_bottleneck(&s), 0);
    s.stages[1] = With(60, 40, 0);
    EXPECT_EQ(snapshot_bottleneck(&s), 1) << "it is busy for most of the time";
}

TEST(Snapshot, TheBusiestStageIsTheBottleneck)
{
    snapshot s = {};
    s.n_stages = 4;
    s.stages[0] = With(20, 0, 80);
    s.stages[1] = With(60, 0, 40);
    s.stages[2] = With(97, 3, 0);
    s.stages[3] = With(10, 90, 0);
    EXPECT_EQ(snapshot_bottleneck(&s), 2);
}
