// A worker is killed after n instructions, for every n from its first to its last.
#include <gtest/gtest.h>

#include <random>

#include "child.h"
#include "killing.h"
#include "report.h"
#include "stepped.h"
#include "store_trap.h"

namespace
{

enum : size_t { REAL_KILLS = 16 };
enum : unsigned { SEED = 1, BETWEEN_REAL_KILLS = 2500 };
enum : int { RECOVERIES = 2 }; // a phase

// It is about states, not about addresses; and the sanitizer's own instructions would all be stepped over.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif

class Sweep : public testing::TestWithParam<Scenario>
{
  protected:
    void SetUp() override
    {
        if (sanitized)
            GTEST_SKIP() << "stepped in the other presets";
        if (!Stepped::Works() || !StoreTrap::Works())
            GTEST_SKIP() << "no ptrace, or no trap flag";
    }

    // Each state that differs from the one before, with each thing that the neighbours may do meanwhile.
    void KillInEachState(Recording *recording, uint32_t epoch)
    {
        for (size_t state = 0; state < recording->size() && !HasFailure(); state++)
            for (unsigned m = 0; m < MEANWHILES; m++)
                EXPECT_EQ(killing_.Kill(recording, state, epoch, static_cast<Meanwhile>(m)), "")
                    << "killed after " << recording->at(state) << " instructions, in state " << state << ", meanwhile "
                    << m;
    }

    // A copy of the stepped worker, made at this instruction, is killed, and another process is its successor.
    void KillATwin(Stepped &worker)
    {
        Recording here(killing_.play().Written(), killing_.play().Look());
        pid_t twin = worker.Twin();
        ASSERT_GT(twin, 0);
        Stepped::KillTwin(twin);
        Child successor([this] {
            Play &play = killing_.play();
            std::string problem = killing_.Compare(play.Finish(1, Meanwhile::NOTHING), false);
            if (!problem.empty())
                fprintf(stderr, "after a real kill: %s\n", problem.c_str());
            return problem.empty() ? 0 : 1;
        });
        EXPECT_EQ(successor.Wait(), 0) << "killed after " << killing_.count().instructions << " instructions";
        killing_.count().real++;
        killing_.count().kills++;
        here.PutBack(0);
        killing_.play().GoBackTo(here.outside(0));
    }

    Killing killing_{GetParam()};
};

TEST_P(Sweep, AKillAfterAnyInstructionLosesDoublesAndLeaksNothing)
{
    ASSERT_EQ(killing_.Compare(killing_.Expected(), false), "");
    std::mt19937 random(SEED);
    uint64_t next = 0;
    Recording stepped = killing_.Step(1, Killing::Until::THE_END, [&](Stepped &worker) {
        if (killing_.count().real >= REAL_KILLS || killing_.count().instructions < next)
            return;
        next = killing_.count().instructions + random() % BETWEEN_REAL_KILLS;
        KillATwin(worker);
    });
    stepped.PutBack(0);
    killing_.play().GoBackTo(stepped.outside(0));
    Recording trapped = killing_.Trap(1, Killing::Until::THE_END);
    EXPECT_EQ(Recording::Difference(stepped, trapped), "") << "stepped one by one, and trapped at each store";
    KillInEachState(&stepped, 1);
    Report(GetParam().name, killing_.count());
}

INSTANTIATE_TEST_SUITE_P(EveryInstruction, Sweep, testing::ValuesIn(Scenarios()),
                         [](const auto &scenario) { return std::string(scenario.param.name); });

// What the worker had in hand when it was killed, so what its successor has to do.
class SweepOfRecovery : public Sweep
{
};

TEST_P(SweepOfRecovery, AKillAfterAnyInstructionOfARecoveryLosesDoublesAndLeaksNothing)
{
    Play &play = killing_.play();
    std::mt19937 random(SEED);
    Recording life = killing_.Trap(1, Killing::Until::THE_END);
    for (phase in_hand : {PHASE_CLAIMING, PHASE_PROCESSING, PHASE_COMMITTING})
        for (int n = 0; n < RECOVERIES; n++) {
            do {
                size_t state = random() % life.size();
                life.PutBack(state);
                play.GoBackTo(life.outside(state));
            } while (play.PhaseOfWorker() != in_hand);
            play.Bury(1);
            Recording stepped = killing_.Step(2, Killing::Until::OPENED, [](Stepped &) {});
            stepped.PutBack(0);
            play.GoBackTo(stepped.outside(0));
            Recording trapped = killing_.Trap(2, Killing::Until::OPENED);
            EXPECT_EQ(Recording::Difference(stepped, trapped), "") << "stepped one by one, and trapped at each store";
            KillInEachState(&stepped, 2);
        }
    Report("RecoveryOf" + std::string(GetParam().name), killing_.count());
}

// With blocks of 400 KiB, as a recovery looks at each block of its spans: at five of them, not at 32,768.
std::vector<Scenario> WithLargeBlocks()
{
    Scenario scenario = {"LargeBlocks"};
    scenario.frames = {"s1", "f2", "k3", "C4", "b5", "r6"};
    scenario.spans = 6;
    scenario.room = 400 * 1024;
    Scenario full = scenario;
    full.name = "LargeBlocksFullRings";
    full.left_queue = full.right_queue = 2;
    full.right_port = 0;
    return {scenario, full};
}

INSTANTIATE_TEST_SUITE_P(EveryInstruction, SweepOfRecovery, testing::ValuesIn(WithLargeBlocks()),
                         [](const auto &scenario) { return std::string(scenario.param.name); });

} // namespace
