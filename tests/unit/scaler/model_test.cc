// The model: costs in, workers out.
extern "C" {
#include "model.h"
}

#include <gtest/gtest.h>

#include <cmath>

namespace
{

model Example(uint32_t most_parsers)
{
    model m = {};
    m.n_stages = 3;
    m.cpus = 8;
    m.demand = HUGE_VAL;
    m.memory = UINT64_MAX;
    const double costs[][2] = {{0.0005, 0}, {0.001, 0.040}, {0.006, 0}};
    for (int i = 0; i < 3; i++) {
        m.stages[i].visits = m.stages[i].boost = 1;
        m.stages[i].cpu_s = costs[i][0];
        m.stages[i].wait_s = costs[i][1];
        m.stages[i].least = 1;
        m.stages[i].limit = i == 2 ? most_parsers : 100;
        m.stages[i].worker_bytes = 10;
    }
    return m;
}

} // namespace

TEST(Model, GivesTheExampleOfTheDocumentation)
{
    model m = Example(100);
    plan p;
    model_plan(&m, &p);
    EXPECT_EQ(p.bound, BOUND_CPU);
    EXPECT_NEAR(p.rate, 1067, 1);
    EXPECT_EQ(p.workers[0], 2u);
    EXPECT_EQ(p.workers[1], 53u);
    EXPECT_EQ(p.workers[2], 9u);
}

TEST(Model, AStageAtItsLimitMakesTheOthersSmall)
{
    model m = Example(2);
    plan p;
    model_plan(&m, &p);
    EXPECT_EQ(p.bound, BOUND_STAGE);
    EXPECT_EQ(p.stage, 2u);
    EXPECT_NEAR(p.rate, 333, 1);
    EXPECT_EQ(p.workers[1], 19u);
}

TEST(Model, WhereMemoryIsShortTheHeadRoomGoesFirst)
{
    model m = Example(100);
    m.memory = 540; // 54 workers; 1, 44 and 7 carry the rate
    plan p;
    model_plan(&m, &p);
    EXPECT_EQ(p.bound, BOUND_CPU);
    EXPECT_NEAR(p.rate, 1067, 1);
    EXPECT_LE(p.workers[0] + p.workers[1] + p.workers[2], 54u);
    m.memory = 300;
    model_plan(&m, &p);
    EXPECT_EQ(p.bound, BOUND_MEMORY);
    EXPECT_LE(p.workers[0] + p.workers[1] + p.workers[2], 30u);
    EXPECT_LT(p.rate, 1067);
}

namespace
{

// A source that costs nothing, and an ordered stage of 10 ms whose frames wait for their turn.
model Ordered(double cpus, double turn_s, uint32_t most)
{
    model m = {};
    m.n_stages = 2;
    m.cpus = cpus;
    m.demand = HUGE_VAL;
    m.memory = UINT64_MAX;
    m.stages[0] = {1, 0.0001, 0, 0, 0, 1, 1, 8, 0};
    m.stages[1] = {1, 0.010, 0, turn_s, 0, 1, 1, most, 0};
    return m;
}

} // namespace

TEST(Model, WorkersThatWaitForTheirTurnAreReplacedUpToTheLongestOfSoMany)
{
    plan some, many;
    model m = Ordered(16, 0.010, 500);
    model_plan(&m, &some);
    EXPECT_NEAR(some.workers[1], 2 * 16 * 1.1 + 0.7 * sqrt(2 * 16), 3);
    m = Ordered(16, 1, 500); // crowded: a hundred times
    model_plan(&m, &many);
    EXPECT_LE(many.workers[1], 16 * (2 + log(16)) * 1.1 + 0.7 * sqrt(16 * 5) + 1);
}

TEST(Model, AnOrderedStageAtItsLimitIsNotTakenForSlowerForItsTurns)
{
    plan p;
    model m = Ordered(16, 0.010, 16);
    model_plan(&m, &p);
    EXPECT_NEAR(p.rate, 16 / 0.0101, 20);
}
