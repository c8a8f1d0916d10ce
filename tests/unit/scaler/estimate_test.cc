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
