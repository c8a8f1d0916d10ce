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
