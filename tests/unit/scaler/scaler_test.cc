// The scaler on pipelines without chance: observations in, decisions out.
#include "fluid.h"

extern "C" {
#include "resize.h"
}

#include <gmock/gmock.h>

using ::testing::AllOf;
using ::testing::Ge;
using ::testing::Le;

TEST(Scaler, TwoStagesOfTheCpuShareTheCoresByWhatTheirFramesCost)
{
    Fluid f(8, {{0.003}, {0.001}});
    f.Run(20);
    EXPECT_DOUBLE_EQ(f.Rate(), 2000);
    EXPECT_THAT(f.Workers(0), AllOf(Ge(6u), Le(9u)));
    EXPECT_THAT(f.Workers(1), AllOf(Ge(2u), Le(4u)));
    EXPECT_EQ(f.Verdict().state.limit, LIMIT_CPU);
    EXPECT_NEAR(f.Verdict().state.occupied, 1, 0.01);
}

TEST(Scaler, AStageThatWaitsGetsMoreWorkersThanThereAreCores)
{
    Fluid f(2, {{0.0005}, {0.0005, 0.020}});
    f.Run(30);
    EXPECT_DOUBLE_EQ(f.Rate(), 2000);
    EXPECT_GE(f.Workers(1), 41u);
}

TEST(Scaler, ASteadyLoadIsSettledInThreeDecisionsAndThenLeftAlone)
{
    Fluid f(32, {{0.001}, {0.010}, {0.002, 0.002}});
    auto start = f.Run(15);
    EXPECT_LE(start.size(), 3u * 3); // of three stages
    EXPECT_EQ(f.Run(600).size(), 0u);
}

TEST(Scaler, ASerialStageLimitsAndTheRestIsSizedToIt)
{
    Fluid f(32, {{0.001}, {0.050}, {0.010, 0, 1}});
    f.Run(20);
    EXPECT_DOUBLE_EQ(f.Rate(), 100);
    EXPECT_THAT(f.Workers(1), AllOf(Ge(5u), Le(8u)));
    EXPECT_EQ(f.Workers(2), 1u);
    EXPECT_EQ(f.Verdict().state.limit, LIMIT_SINK);
    EXPECT_EQ(f.Verdict().state.stage, 2u);
    EXPECT_GT(f.Verdict().state.occupied, 0.95);
}

TEST(Scaler, ASplitterMakesTheStageAfterItTheDearOne)
{
    Fluid f(16, {{0.010}, {0.001, 0, 100, 0, 50}});
    f.Run(20);
    EXPECT_NEAR(f.Rate(), 16 / 0.060, 0.01);
    EXPECT_THAT(f.Workers(0), AllOf(Ge(3u), Le(5u)));
    EXPECT_GE(f.Workers(1), 14u);
}

TEST(Scaler, AStageBehindTwoFeedersIsSizedForBoth)
{
    Fluid f(16, {{0.002}, {0.004, 0, 100, 0, 1, 1}, {0.002, 0, 100, 0, 1, 1}, {0.004, 0, 100, 0, 1, 6}});
    f.Run(20);
    EXPECT_NEAR(f.Rate(), 1000, 1);
    EXPECT_THAT(f.Workers(3), AllOf(Ge(8u), Le(12u)));
}

TEST(Scaler, TheMemoryBudgetIsNeverPassedAndIsSharedForTheHighestRate)
{
    Fluid f(32, {{0.010, 0, 100, 100}, {0.030, 0, 100, 50}});
    f.memory = 1000;
    for (int i = 0; i < 120; i++) {
        f.Tick();
        EXPECT_LE(f.Bytes(), 1000u);
    }
    EXPECT_NEAR(f.Rate(), 400, 0.1); // 4 * 100 + 12 * 50; more does not fit
    EXPECT_EQ(f.Verdict().state.limit, LIMIT_MEMORY);
}

// A source that stores for its breaks took it, which ended the try, unjudged: the stage was left with too few.
TEST(Scaler, TheMemoryThatATryOfFewerFreesIsNobodysUntilItIsJudged)
{
    scaler s = {};
    observation seen = {};
    s.n_stages = 2;
    seen.memory = 1000;
    s.memory[0].workers = seen.stages[0].live = 1;
    s.memory[1].workers = seen.stages[1].live = 3;
    seen.stages[0].worker_bytes = seen.stages[1].worker_bytes = 100;
    s.probe.stage = 1;
    s.probe.from = 5;
    EXPECT_EQ(resize_room(&s, &seen), 600);
    s.probe.way = ATTEMPT_FEWER;
    EXPECT_EQ(resize_room(&s, &seen), 400);
    s.probe.way = ATTEMPT_MORE;
    EXPECT_EQ(resize_room(&s, &seen), 600) << "what a try of more took is counted as it is";
}

TEST(Scaler, ADeviceThatServesFourAtOnceGetsNoHundredWorkers)
{
    Fluid f(64, {{0.001}, {0.001, 0.100, 1000, 0, 1, 0, 4}});
    f.Run(120);
    EXPECT_LE(f.Workers(1), 60u);
    EXPECT_EQ(f.Verdict().state.limit, LIMIT_SINK);
}

TEST(Scaler, AStageThatBecomesDearerGetsItsWorkersInTenSeconds)
{
    Fluid f(16, {{0.010}, {0.002}});
    f.Run(60);
    f.stages[1].cpu_s = 0.010;
    f.Run(10);
    EXPECT_GE(f.Rate(), 0.99 * 800);
}

TEST(Scaler, SurplusWorkersAreGivenUpWithinAMinute)
{
    Fluid f(16, {{0.010}, {0.010}});
    f.Run(60);
    f.stages[1].cpu_s = 0.001;
    f.Run(60);
    EXPECT_LE(f.Workers(1), 3u);
    EXPECT_GE(f.Rate(), 0.99 * 16 / 0.011);
}

TEST(Scaler, FewerCoresTakeEachSurplusWorkerAtOnce)
{
    Fluid f(2, {{0.010}, {0.004}});
    f.Run(30);
    EXPECT_EQ(f.Workers(0), 3u);
    f.cpus = 1;
    f.Run(10);
    EXPECT_EQ(f.Workers(0), 2u);
}

// They are measured with a time constant, so that half of them goes by little at a time.
TEST(Scaler, FewerCoresAreNoticedThoughTheyBecomeFewerSlowly)
{
    Fluid f(4, {{0.010}, {0.004}});
    f.Run(30);
    uint32_t before = f.Workers(0);
    bool noticed = false;
    for (int tick = 0; tick < 40; tick++) {
        f.cpus = std::max(2.0, f.cpus - 0.1);
        for (const scaler_decision &d : f.Run(0.5))
            noticed |= d.cause == SCALER_BUDGET;
    }
    EXPECT_TRUE(noticed);
    EXPECT_LT(f.Workers(0), before);
}

TEST(Scaler, AStarvedSourceGetsNoWorkersAndIsTheLimit)
{
    Fluid f(16, {{0.010}, {0.010}});
    f.source_share = 0.1;
    f.Run(60);
    EXPECT_EQ(f.Workers(0), 1u);
    EXPECT_EQ(f.Verdict().state.limit, LIMIT_SOURCE);
}

TEST(Scaler, ASourceThatIsStarvedFromTheStartIsNotTakenForAFastOne)
{
    Fluid f(2, {{0.001}, {0.0001, 0.020}});
    f.source_share = 0.1;
    for (int i = 0; i < 60; i++) {
        f.Tick();
        EXPECT_LE(f.Workers(1), 2u) << i;
    }
    EXPECT_EQ(f.Verdict().state.limit, LIMIT_SOURCE);
}

// The model knows nothing of turns: by it the cores would be the limit, of which less than half are in use.
TEST(Scaler, AStageWhoseWorkersAllWaitForTheirTurnIsTheLimit)
{
    scaler s;
    scaler_stage stages[] = {{0, 1, 1, 0, 8, 0}, {1, 64, 64, 1, 8, 0}};
    observation seen = {};
    scaler_verdict v;
    scaler_init(&s, stages, 2, 0);
    seen.cpus = 8;
    seen.memory = UINT64_MAX;
    for (uint64_t i = 1; i <= 40; i++) {
        for (auto &o : {&seen.stages[0], &seen.stages[1]})
            o->arrived = o->passed = o->done = 350 * i;
        seen.stages[0].busy_ns = seen.stages[0].cpu_ns = 35'000'000 * i;
        seen.stages[0].wait_output_ns = 465'000'000 * i;
        seen.stages[1].busy_ns = 7'000'000'000 * i; // 20 ms a frame
        seen.stages[1].cpu_ns = 1'750'000'000 * i;
        seen.stages[1].wait_turn_ns = 25'000'000'000 * i;
        seen.stages[0].live = 1;
        seen.stages[1].live = 64;
        scaler_decide(&s, &seen, i * NS_PER_S / 2, &v);
    }
    EXPECT_EQ(v.state.limit, LIMIT_STAGE);
    EXPECT_EQ(v.state.stage, 1u);
    EXPECT_NEAR(v.state.occupied, 1, 0.01);
}

TEST(Scaler, ADecisionSaysWhatItWasMadeOf)
{
    Fluid f(8, {{0.002}, {0.006, 0.002}});
    auto d = f.Run(10);
    ASSERT_FALSE(d.empty());
    EXPECT_EQ(d[0].cause, SCALER_NEEDED);
    EXPECT_EQ(d[0].from, 1u);
    EXPECT_GT(d[0].to, d[0].from);
    EXPECT_LT(d[0].capacity, d[0].goal);
    EXPECT_NEAR(d[0].cpu_s + d[0].wait_s, d[0].stage == 0 ? 0.002 : 0.008, 1e-4);
}

TEST(Scaler, CountersThatGoBackDoNoHarm)
{
    Fluid f(8, {{0.002}, {0.006}});
    f.Run(10);
    scaler s;
    scaler_stage stages[] = {{0, 1, 9, 0, 8, 0}, {1, 1, 9, 0, 8, 1}};
    observation seen = {};
    scaler_verdict v;
    scaler_init(&s, stages, 2, 0);
    for (uint64_t i = 1; i < 100; i++) {
        seen.cpus = 2;
        seen.memory = UINT64_MAX;
        for (auto &o : seen.stages)
            o.passed = o.done = o.busy_ns = o.cpu_ns = o.wait_input_ns = i % 2 ? ~0ull >> 1 : i;
        scaler_decide(&s, &seen, i * NS_PER_S, &v);
        EXPECT_LE(scaler_workers(&s, 0), 9u);
        EXPECT_GE(scaler_workers(&s, 1), 1u);
    }
}

// One stage becomes dearer and cheaper by turns, of a time each that makes the others a surplus.
TEST(Scaler, ToAndFroTheStagesKeepWhatTheyHaveAndGetWhatTheyClearlyNeed)
{
    Fluid f(32, {{0.001}, {0.010}, {0.010}});
    size_t lowered = 0, late = 0;
    for (int turn = 0; turn < 16; turn++) {
        f.stages[1].cpu_s = turn % 2 ? 0.010 : 0.100;
        for (const scaler_decision &d : f.Run(40))
            (turn < 8 ? lowered : late) += d.to < d.from && d.cause == SCALER_SURPLUS;
        EXPECT_GE(f.Rate(), 0.85 * (turn % 2 ? 32 / 0.021 : 32 / 0.111)) << "turn " << turn;
    }
    EXPECT_GE(lowered, 2u);
    EXPECT_LT(late, lowered);
}
