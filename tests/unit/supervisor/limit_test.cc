// What a pipeline is limited by, in words: "limited by: ...".
extern "C" {
#include "scaling.h"
}

#include <gtest/gtest.h>
#include <memory>
#include <string>

namespace
{

std::string Limit(enum scaler_limit limit, double occupied, uint64_t workers_memory = 0)
{
    stage stages[] = {{}, {}};
    stages[1].name = const_cast<char *>("write");
    pipeline p = {};
    p.stages = stages;
    p.n_stages = 2;
    p.workers_memory = workers_memory;
    auto s = std::make_unique<scaling>();
    s->scaler.stages[1].max = 4;
    s->scaler.memory[1].workers = 3;
    s->told.limit = limit;
    s->told.stage = 1;
    s->told.occupied = occupied;
    char text[200];
    scaling_describe_limit(s.get(), &p, text, sizeof text);
    return text;
}

} // namespace

TEST(Limit, IsNamedWithHowMuchOfItIsUsed)
{
    EXPECT_EQ(Limit(LIMIT_CPU, 0.99), "cpu 99 % used by the stages");
    EXPECT_EQ(Limit(LIMIT_STAGE, 1), "stage write (3 workers, max = 4, busy 100 %)");
    EXPECT_EQ(Limit(LIMIT_SINK, 0.97), "sink write (3 workers, max = 4, busy 97 %)");
    EXPECT_EQ(Limit(LIMIT_MEMORY, 0.95), "memory 95 %");
    EXPECT_EQ(Limit(LIMIT_MEMORY, 0.95, 1 << 20), "memory 95 % of workers_memory");
    EXPECT_EQ(Limit(LIMIT_SOURCE, 0.2), "source (it has input 20 % of the time)");
}

TEST(Limit, ThatIsNotKnownIsNotNamed)
{
    EXPECT_EQ(Limit(LIMIT_UNKNOWN, 0), "");
}
