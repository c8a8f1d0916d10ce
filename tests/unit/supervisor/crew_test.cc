// What a worker's end means.
extern "C" {
#include "crew.h"
}

#include <gtest/gtest.h>
#include <memory>

namespace
{

// A slot is large: not for the stack.
std::unique_ptr<slot> Slot(uint32_t leaving)
{
    auto s = std::make_unique<slot>();
    au32_store_relaxed(&s->leaving, leaving);
    return s;
}

int Exited(int code)
{
    return code << 8;
}

} // namespace

TEST(Crew, AnExitThatTheWorkerAnnouncedIsItsOwn)
{
    EXPECT_EQ(crew_own_exit(Slot(WORKER_CONFIG + 1).get(), Exited(WORKER_CONFIG)), WORKER_CONFIG);
    EXPECT_EQ(crew_own_exit(Slot(WORKER_DONE + 1).get(), Exited(WORKER_DONE)), WORKER_DONE);
}

TEST(Crew, AnExitThatAPluginCalledIsADeath)
{
    EXPECT_EQ(crew_own_exit(Slot(0).get(), Exited(0)), -1);
    EXPECT_EQ(crew_own_exit(Slot(0).get(), Exited(WORKER_CONFIG)), -1);
    EXPECT_EQ(crew_own_exit(Slot(WORKER_DONE + 1).get(), Exited(WORKER_STOP)), -1);
}

TEST(Crew, ASignalIsADeathWhateverWasAnnounced)
{
    EXPECT_EQ(crew_own_exit(Slot(WORKER_DONE + 1).get(), 9), -1);
}

TEST(Crew, AStatusIsDescribedInWords)
{
    char text[64];
    describe_status(11, text, sizeof text);
    EXPECT_STREQ(text, "died of SIGSEGV");
    describe_status(Exited(3), text, sizeof text);
    EXPECT_STREQ(text, "exited with 3");
}

TEST(Crew, ThoseWhoWaitToStartCountAsStrength)
{
    crew c = {};
    for (int w = 0; w < 3; w++)
        c.berths[w].state = BERTH_WAITING;
    c.berths[0].state = BERTH_ALIVE;
    c.berths[1].state = BERTH_ENDED;
    EXPECT_EQ(crew_strength(&c), 2u);
}
