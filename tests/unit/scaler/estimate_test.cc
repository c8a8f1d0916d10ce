// What a frame costs, out of counters.
extern "C" {
#include "estimate.h"
}

#include <gtest/gtest.h>

namespace
{

const double TICK_S = 0.5;

// Fifty frames more, of so many seconds each.
void Work(stage_observation *o, double cpu_s, double turn_s, double blocked_s)
{
    const double frames = 50;
    o->done += 50;
    o->passed += 50;
    o->busy_ns += static_cast<uint64_t>(frames * cpu_s * 1e9);
    o->cpu_ns += static_cast<uint64_t>(frames * cpu_s * 1e9);
    o->wait_turn_ns += static_cast<uint64_t>(frames * turn_s * 1e9);
    o->wait_output_ns += static_cast<uint64_t>(frames * blocked_s * 1e9);
    o->live = 16;
}

// So many seconds have gone into the frames in hand, of them on a core.
void Hold(stage_observation *o, double own_s, double cpu_s)
{
    o->in_hand_ns = static_cast<uint64_t>(own_s * 1e9);
    o->in_hand_cpu_ns = static_cast<uint64_t>(cpu_s * 1e9);
}

} // namespace

TEST(Estimate, WaitsForATurnFollowTheCostOfAFrameAlsoWhereReadersHoldItUp)
{
    estimate e = {};
    stage_observation o = {};
    for (int i = 0; i < 20; i++) {
        Work(&o, 0.1, 0.2, 0);
        estimate_update(&e, &o, 0, 0, TICK_S);
    }
    EXPECT_NEAR(e.waits_turn_s, 0.2, 0.001);
    for (int i = 0; i < 20; i++) { // a third of the cost, but for the readers it waits long
        Work(&o, 0.033, 0.3, 0.1);
        estimate_update(&e, &o, 0, 0, TICK_S);
    }
    EXPECT_NEAR(e.cpu_s, 0.033, 0.001);
    EXPECT_NEAR(e.waits_turn_s, 0.066, 0.002);
}

TEST(Estimate, AWaitForACoreIsNoTurn)
{
    estimate e = {};
    stage_observation o = {};
    for (int i = 0; i < 20; i++) {
        Work(&o, 0.1, 0.02, 0);
        o.run_delay_ns += 2'000'000'000; // of 50 frames
        o.busy_ns += 2'000'000'000;
        estimate_update(&e, &o, 0, 0, TICK_S);
    }
    EXPECT_NEAR(e.waits_turn_s, 0.02, 0.001);
}

TEST(Estimate, BeforeAFrameIsFinishedThoseInHandSayWhatTheyTake)
{
    estimate e = {};
    stage_observation o = {};
    o.live = 4;
    Hold(&o, 8, 7.6);
    estimate_update(&e, &o, 0, 0, TICK_S);
    EXPECT_NEAR(e.cpu_s, 1.9, 0.001) << "of each of the four";
    EXPECT_NEAR(e.wait_s, 0.1, 0.001);
}

TEST(Estimate, AFrameInHandCountsWithItsCpuTimeAndItsWaits)
{
    estimate e = {};
    stage_observation o = {};
    Work(&o, 0.01, 0, 0);
    Hold(&o, 1.5, 0.5);
    estimate_update(&e, &o, 0, 0, TICK_S);
    EXPECT_NEAR(e.cpu_s, 0.02, 0.001) << "0.5 s and 0.5 s of 50 frames";
    EXPECT_NEAR(e.wait_s, 0.02, 0.001);
}

// A lock that is given to who had it last: all others wait, frame in hand.
TEST(Estimate, AStageOfWhichOneWorkerHasTheLockIsNotFast)
{
    estimate e = {};
    stage_observation o = {};
    int jumps = 0;
    o.live = 13;
    for (int i = 0; i < 60; i++) {
        o.done += 25;
        o.passed += 25;
        o.busy_ns += static_cast<uint64_t>((i < 30 ? 13 : 1) * TICK_S * 1e9);
        o.in_hand_ns += static_cast<uint64_t>((i < 30 ? 0 : 12) * TICK_S * 1e9);
        estimate_update(&e, &o, 0, 0, TICK_S);
        jumps += e.has_jumped != 0;
    }
    EXPECT_NEAR(estimate_service(&e), 13 * TICK_S / 25, 0.01);
    EXPECT_EQ(jumps, 0);
}
