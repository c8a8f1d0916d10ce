// The scaler on a few random pipelines in virtual time, beside the best fixed allocation. `./run bench scaler` has the
// whole table.
#include "best.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace
{

const uint64_t FIRST_SEED = 5000;
const int PIPELINES = 8;

// What the rule gives of the best fixed allocation's rate, least first; a minute after the first.
std::vector<double> Shares(RuleKind kind, double cores, Change change)
{
    std::vector<double> shares;
    for (uint64_t seed = FIRST_SEED; seed < FIRST_SEED + PIPELINES; seed++) {
        Scene scene = scene_make(seed, cores, change);
        Outcome out = scene_play(scene, kind, 60, false);
        EXPECT_FALSE(out.passed_memory) << "seed " << seed;
        shares.push_back(out.rate / best_find(scene, 60, 1).rate);
    }
    std::sort(shares.begin(), shares.end());
    return shares;
}

// Of these stages, steady.
Scene SceneOf(double cores, double services, std::vector<StageShape> stages, uint64_t seed = 0)
{
    Scene scene;
    scene.shape.cores = cores;
    scene.shape.seed = seed;
    scene.shape.services = services;
    scene.shape.stages = std::move(stages);
    return scene;
}

} // namespace

TEST(ScalerSim, SteadyPipelinesComeCloseToTheBestFixedAllocation)
{
    for (double cores : {2.0, 16.0}) {
        std::vector<double> shares = Shares(RuleKind::SCALER, cores, Change::NONE);
        EXPECT_GT(shares[PIPELINES / 2], 0.97) << cores << " cores";
        EXPECT_GT(shares[0], 0.9) << cores << " cores";
    }
}

TEST(ScalerSim, AStageThatBecomesDearerIsFollowed)
{
    std::vector<double> shares = Shares(RuleKind::SCALER, 8, Change::DEARER);
    EXPECT_GT(shares[PIPELINES / 2], 0.95);
    EXPECT_GT(shares[0], 0.8);
}

TEST(ScalerSim, ARuleByQueueLengthDoesNotPassThis)
{
    EXPECT_LT(Shares(RuleKind::QUEUE, 16, Change::NONE)[0], 0.9);
}

TEST(ScalerSim, TheSameSeedGivesTheSameRun)
{
    Scene scene = scene_make(7, 8, Change::NONE);
    EXPECT_EQ(scene_play(scene, RuleKind::SCALER, 10, false).rate, scene_play(scene, RuleKind::SCALER, 10, false).rate);
}

TEST(ScalerSim, AWorkerFewerThatHelpsIsNotGivenBack)
{
    StageShape source = {}, crowded = {}, sink = {};
    source.cpu_s = 0.0008;
    crowded.cpu_s = 0.0068; // and half as much again where two run on the one core
    crowded.crowding = 0.5;
    crowded.noise = 1;
    crowded.max = 2;
    crowded.ring = 64;
    crowded.feeders = {0};
    sink.cpu_s = 0.0001;
    sink.feeders = {1};
    Scene scene = SceneOf(1, 100, {source, crowded, sink}, 5);
    Outcome out = scene_play(scene, RuleKind::SCALER, 600, false);
    EXPECT_EQ(out.workers[1], 1u);
    EXPECT_LE(out.reversals, 1u);
    EXPECT_GT(out.rate, 0.95 * scene_rate(scene, {1, 1, 1}, 20000, 1));
}

// Its frames wait for their turn the longer, the more of its workers share the cores.
TEST(ScalerSim, AnOrderedStageGetsNoWorkersForTheTurnsThatItsOwnWorkersMake)
{
    StageShape source = {}, ordered = {}, waits = {};
    source.cpu_s = 0.0002;
    source.max = 1;
    ordered.cpu_s = 0.0178;
    ordered.noise = 1;
    ordered.ordered = true;
    ordered.max = 16;
    ordered.ring = 64;
    ordered.feeders = {0};
    waits.cpu_s = 0.008;
    waits.wait_s = 0.060;
    waits.max = 16;
    waits.ring = 16;
    waits.feeders = {1};
    Scene scene = SceneOf(2, 200, {source, ordered, waits}, 3);
    Outcome out = scene_play(scene, RuleKind::SCALER, 120, false);
    EXPECT_LE(out.workers[1], 8u);
    EXPECT_GT(out.rate, 0.9 * best_find(scene, 60, 1).rate);
}

TEST(ScalerSim, AChainOfOneWorkerEachGivesWhatItsSlowestStageGives)
{
    StageShape fast = {}, slow = {};
    fast.cpu_s = 0.001;
    slow.cpu_s = 0.002;
    slow.wait_s = 0.018;
    slow.feeders = {0};
    Scene scene = SceneOf(2, 100, {fast, slow});
    EXPECT_NEAR(scene_rate(scene, {1, 1}, 2000, 1), 50, 1);
}
