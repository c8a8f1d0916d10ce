// The restart policy: what happened, and the time, in; a decision out.
extern "C" {
#include "clock.h"
#include "restart.h"
}

#include <gtest/gtest.h>

namespace
{

class Restart : public ::testing::Test
{
  protected:
    restart_decision Die(death_cause cause, bool progress = false)
    {
        return restart_decide(&history_, cause, progress, now_);
    }

    restart_history history_ = {};
    uint64_t now_ = 1000 * NS_PER_S;
};

} // namespace

TEST_F(Restart, TheFirstIsAtOnce)
{
    restart_decision d = Die(DEATH_BY_ITSELF);
    EXPECT_EQ(d.after_ns, 0u);
    EXPECT_FALSE(d.give_up);
}

TEST_F(Restart, WithoutProgressTheDelayDoublesFrom100Milliseconds)
{
    Die(DEATH_BY_ITSELF);
    EXPECT_EQ(Die(DEATH_BY_ITSELF).after_ns, 100 * NS_PER_MS);
    EXPECT_EQ(Die(DEATH_BY_ITSELF).after_ns, 200 * NS_PER_MS);
    EXPECT_EQ(Die(DEATH_BY_ITSELF).after_ns, 400 * NS_PER_MS);
}

TEST_F(Restart, TheDelayEndsAt30Seconds)
{
    for (int i = 0; i < 100; i++) {
        now_ += 60 * NS_PER_S;
        EXPECT_LE(Die(DEATH_BY_ITSELF).after_ns, 30 * NS_PER_S);
    }
    EXPECT_EQ(Die(DEATH_BY_ITSELF).after_ns, 30 * NS_PER_S);
}

TEST_F(Restart, TheFifthDeathIn30SecondsWithoutProgressGivesUp)
{
    for (int i = 0; i < 4; i++, now_ += 7 * NS_PER_S)
        EXPECT_FALSE(Die(DEATH_BY_ITSELF).give_up) << i;
    EXPECT_TRUE(Die(DEATH_BY_ITSELF).give_up);
}

TEST_F(Restart, FiveDeathsInMoreThan30SecondsDoNotGiveUp)
{
    for (int i = 0; i < 20; i++, now_ += 8 * NS_PER_S)
        EXPECT_FALSE(Die(DEATH_BY_ITSELF).give_up) << i;
}

TEST_F(Restart, ProgressForgetsWhatWasBefore)
{
    for (int i = 0; i < 4; i++)
        Die(DEATH_BY_ITSELF);
    restart_decision d = Die(DEATH_BY_ITSELF, true);
    EXPECT_FALSE(d.give_up);
    EXPECT_EQ(d.after_ns, 0u);
}

TEST_F(Restart, TheFifthDeadlineInARowGivesUpHoweverLongTheyAre)
{
    for (int i = 0; i < 4; i++, now_ += 3600 * NS_PER_S)
        EXPECT_FALSE(Die(DEATH_BY_DEADLINE).give_up) << i;
    EXPECT_TRUE(Die(DEATH_BY_DEADLINE).give_up);
}

TEST_F(Restart, ProgressForgetsDeadlines)
{
    for (int i = 0; i < 50; i++)
        EXPECT_FALSE(Die(DEATH_BY_DEADLINE, i % 4 == 0).give_up) << i;
}

TEST_F(Restart, ADeathWithAFrameInHandNeitherDelaysNorGivesUp)
{
    for (int i = 0; i < 50; i++) {
        restart_decision d = Die(DEATH_BY_FRAME);
        EXPECT_EQ(d.after_ns, 0u);
        EXPECT_FALSE(d.give_up);
    }
}

TEST_F(Restart, AWorkerThatYieldsItsMemoryComesBackAtOnce)
{
    EXPECT_EQ(Die(DEATH_TO_YIELD).after_ns, 0u);
}

TEST_F(Restart, WithoutProgressAYieldDelaysBy1To64MillisecondsAndNeverGivesUp)
{
    Die(DEATH_TO_YIELD);
    for (uint64_t ms : {1, 2, 4, 8, 16, 32, 64, 64, 64})
        EXPECT_EQ(Die(DEATH_TO_YIELD).after_ns, ms * NS_PER_MS);
    for (int i = 0; i < 100; i++) {
        restart_decision d = Die(DEATH_TO_YIELD);
        EXPECT_EQ(d.after_ns, 64 * NS_PER_MS);
        EXPECT_FALSE(d.give_up);
    }
}

TEST_F(Restart, ProgressLetsTheNextYieldComeBackAtOnce)
{
    for (int i = 0; i < 10; i++)
        Die(DEATH_TO_YIELD);
    EXPECT_EQ(Die(DEATH_TO_YIELD, true).after_ns, 0u);
    EXPECT_EQ(Die(DEATH_TO_YIELD).after_ns, NS_PER_MS);
}

TEST_F(Restart, YieldsAndDeathsDoNotDelayEachOther)
{
    for (int i = 0; i < 10; i++)
        Die(DEATH_TO_YIELD);
    EXPECT_EQ(Die(DEATH_BY_ITSELF).after_ns, 0u);
    EXPECT_EQ(Die(DEATH_BY_ITSELF).after_ns, 100 * NS_PER_MS);
    EXPECT_EQ(Die(DEATH_TO_YIELD).after_ns, 64 * NS_PER_MS);
}

TEST_F(Restart, KillsFromOutsideDelayBy100MillisecondsAtMostAndNeverGiveUp)
{
    for (int i = 0; i < 50; i++) {
        restart_decision d = Die(DEATH_FROM_OUTSIDE);
        EXPECT_EQ(d.after_ns, i == 0 ? 0 : 100 * NS_PER_MS);
        EXPECT_FALSE(d.give_up);
    }
}

TEST_F(Restart, KillsForWantOfMemoryDelayMoreAndMoreAndNeverGiveUp)
{
    Die(DEATH_BY_KILL);
    EXPECT_EQ(Die(DEATH_BY_KILL).after_ns, 100 * NS_PER_MS);
    EXPECT_EQ(Die(DEATH_BY_KILL).after_ns, 200 * NS_PER_MS);
    for (int i = 0; i < 50; i++)
        EXPECT_FALSE(Die(DEATH_BY_KILL).give_up);
    EXPECT_EQ(Die(DEATH_BY_KILL).after_ns, 30 * NS_PER_S);
}
