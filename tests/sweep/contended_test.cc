// A worker is killed while another, in a process of its own, sleeps on what it holds.
#include <gtest/gtest.h>

#include "child.h"
#include "doing.h"
#include "killing.h"
#include "report.h"
#include "store_trap.h"

namespace
{

#if defined(__SANITIZE_ADDRESS__)
enum : size_t { EACH_NTH_STATE = 16 };
#else
enum : size_t { EACH_NTH_STATE = 1 };
#endif

Scenario TwoWorkers()
{
    Scenario scenario = {"TwoWorkers"};
    scenario.frames = {"f1", "f2", "f3", "f4", "f5", "f6", "f7"};
    scenario.right_port = 0;
    scenario.sibling = Sibling::LIVES;
    return scenario;
}

// In every state in which the worker may die, the other comes as far as it can; then the host buries the dead.
TEST(Contended, WhoWaitsForTheDeadGoesOnAndAllFramesArriveOnce)
{
    if (!StoreTrap::Works())
        GTEST_SKIP() << "no trap flag";
    Killing killing(TwoWorkers());
    Play &play = killing.play();
    Recording recording = killing.Trap(1, Killing::Until::THE_END);
    uint64_t asleep = 0;
    for (size_t state = 0; state < recording.size() && !testing::Test::HasFailure(); state += EACH_NTH_STATE) {
        Doing::Now("TwoWorkers, killed in state " + std::to_string(state));
        recording.PutBack(state);
        play.GoBackTo(recording.outside(state));
        Child other([&play] { return play.RunSiblingAlone(); });
        bool waits = other.Asleep();
        bool for_an_end = waits && play.SomebodyWaitsForAnEnd();
        asleep += for_an_end;
        play.Bury(1);
        play.CloseInput();
        if (for_an_end) {
            EXPECT_EQ(other.Wait(), WORKER_DONE) << "killed in state " << state;
        }
        EXPECT_EQ(play.Run(2), WORKER_DONE) << "killed in state " << state;
        if (!for_an_end) {
            EXPECT_EQ(other.Wait(), WORKER_DONE) << "killed in state " << state;
        }
        EXPECT_EQ(killing.Compare(play.FinishAlive(), false), "") << "killed in state " << state;
        killing.count().kills++;
        Doing::Nothing();
    }
#if !defined(__SANITIZE_ADDRESS__)
    EXPECT_GT(asleep, 20u) << "the other hardly ever waited for an end";
#endif
    Report("TwoWorkers", killing.count());
}

} // namespace
