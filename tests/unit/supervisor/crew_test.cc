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

TEST(Crew, AWaitThatItsDeathCutShortIsNoWork)
{
    auto slot = Slot(0);
    berth b = {};
    b.alive_since = 1000;
    au64_store_relaxed(&slot->since, 1200);
    au32_store_relaxed(&slot->state, SLOT_WAIT_INPUT);
    crew_left(&b, slot.get(), 5200);
    EXPECT_EQ(b.alive_ns, 4200u);
    EXPECT_EQ(b.cut.input_ns, 4000u);
    waits more = {};
    crew_add_wait(&more, &b, slot.get(), 9000);
    EXPECT_EQ(more.input_ns, 0u) << "nobody waits there now";
    b.alive_since = 6000;
    au32_store_relaxed(&slot->state, SLOT_WAIT_TURN);
    crew_left(&b, slot.get(), 6100);
    EXPECT_EQ(b.cut.output_ns, 100u) << "what its predecessor had left there is older than it";
    b.alive_since = 7000;
    au64_store_relaxed(&slot->since, 7000);
    au32_store_relaxed(&slot->state, SLOT_WAIT_MEMORY);
    crew_left(&b, slot.get(), 7007);
    EXPECT_EQ(b.cut.memory_ns, 7u);
    b.alive_since = 8000;
    au32_store_relaxed(&slot->state, SLOT_BUSY);
    crew_left(&b, slot.get(), 9000);
    EXPECT_EQ(b.cut.input_ns + b.cut.output_ns + b.cut.memory_ns, 4107u);
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
