// Two deaths: of a worker, and of its successor while that recovers.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <numeric>
#include <random>

#include "killing.h"
#include "report.h"
#include "store_trap.h"

namespace
{

#if defined(__SANITIZE_ADDRESS__)
enum : uint64_t { PAIRS = 8 };
#else
enum : uint64_t { PAIRS = 600 }; // a scenario
#endif
enum : unsigned { PAIRS_SEED = 20261125 };

// MICROPIPE_SWEEP_PAIRS: another number, for who has little time.
uint64_t Wanted()
{
    const char *wanted = getenv("MICROPIPE_SWEEP_PAIRS");
    return wanted ? strtoull(wanted, nullptr, 10) : uint64_t{PAIRS};
}

class Pairs : public testing::TestWithParam<Scenario>
{
  protected:
    void SetUp() override
    {
        if (!StoreTrap::Works())
            GTEST_SKIP() << "no trap flag";
    }

    // The successor of a worker that died in this state dies in each state of its recovery.
    void KillSuccessorsOf(Recording *recording, size_t state)
    {
        Play &play = killing_.play();
        recording->PutBack(state);
        play.GoBackTo(recording->outside(state));
        play.Bury(1);
        Recording recovery = killing_.Trap(2, Killing::Until::OPENED);
        for (size_t second = 0; second < recovery.size() && !HasFailure(); second++) {
            auto meanwhile = static_cast<Meanwhile>(random_() % MEANWHILES);
            EXPECT_EQ(killing_.Kill(&recovery, second, 2, meanwhile), "")
                << "the worker was killed in state " << state << ", its successor in state " << second
                << " of its recovery, meanwhile " << static_cast<unsigned>(meanwhile);
            killing_.count().pairs++;
        }
    }

    Killing killing_{GetParam()};
    std::mt19937 random_{PAIRS_SEED};
};

TEST_P(Pairs, ASuccessorThatDiesInItsRecoveryLosesDoublesAndLeaksNothing)
{
    Recording recording = killing_.Trap(1, Killing::Until::THE_END);
    std::vector<size_t> states(recording.size());
    std::iota(states.begin(), states.end(), 0);
    std::shuffle(states.begin(), states.end(), random_);
    for (size_t i = 0; killing_.count().pairs < Wanted() && !HasFailure(); i = (i + 1) % states.size())
        KillSuccessorsOf(&recording, states[i]);
    Report(std::string("Pairs") + GetParam().name, killing_.count());
}

INSTANTIATE_TEST_SUITE_P(Seeded, Pairs, testing::ValuesIn(Scenarios()),
                         [](const auto &scenario) { return std::string(scenario.param.name); });

} // namespace
