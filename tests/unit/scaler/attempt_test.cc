// Attempts: what is tried next, by what the stages did.
extern "C" {
#include "attempt.h"
}

#include <gtest/gtest.h>

namespace
{

// Three stages of four workers each on eight cores, half of them in use, without anything to gain.
class Attempt : public ::testing::Test
{
  protected:
    Attempt()
    {
        look_.seconds = 10;
        look_.cpus = 8;
        look_.used = 0.5;
        look_.noise = 0.01;
        look_.runnable = 0.5;
        for (int i = 0; i < 3; i++) {
            stages_[i] = {4, 1, 10, i == 0, 0.001, 0.001};
            look_.occupied[i] = 0.3;
            look_.runnable_s[i] = 10;
        }
    }

    // Which stage gets how many workers more, or fewer; {-1, 0} if none.
    std::pair<int, int> Find()
    {
        attempt a;
        if (!attempt_find(stages_, 3, &look_, &failed_, &a))
            return {-1, 0};
        return {static_cast<int>(a.stage), a.way == ATTEMPT_MORE ? static_cast<int>(a.by) : -static_cast<int>(a.by)};
    }
    // The last stage has all the workers that it may have, always at work; so much of their time it waits for a core.
    void LimitIsDelayed(double share)
    {
        stages_[2].most = 4;
        look_.occupied[2] = 1;
        look_.delayed[2] = share;
    }
    // So many runnable workers a core.
    void Crowd(double runnable)
    {
        look_.used = 1;
        look_.runnable = runnable;
        for (double &s : look_.runnable_s)
            s = runnable * look_.cpus * look_.seconds / 3;
    }

    attempt_stage stages_[3];
    look look_ = {};
    attempts_failed failed_ = {};
};

using Found = std::pair<int, int>;
const Found NOTHING = {-1, 0};

} // namespace

TEST_F(Attempt, NothingIsTriedWhereNothingPromisesToHelp)
{
    EXPECT_EQ(Find(), NOTHING);
}

TEST_F(Attempt, WhereCoresAreFreeTheStageThatIsMostAtWorkGetsHalfMore)
{
    look_.occupied[0] = 0.8;
    look_.occupied[1] = 0.95;
    EXPECT_EQ(Find(), Found(1, 2));
    attempt_has_failed(&failed_, 1, ATTEMPT_MORE);
    EXPECT_EQ(Find(), Found(0, 2));
    attempt_forget(&failed_, 1);
    EXPECT_EQ(Find(), Found(1, 2));
}

TEST_F(Attempt, WorkersToSpareLeaveWhereAStageAtItsLimitWaitsForACore)
{
    LimitIsDelayed(0.2);
    look_.occupied[1] = 0.95;
    EXPECT_EQ(Find(), NOTHING) << "nobody has a worker to spare";
    look_.spare[0] = 2.4;
    look_.spare[1] = 1.2;
    look_.runnable_s[1] = 20;
    EXPECT_EQ(Find(), Found(1, -1)) << "the one that takes more of the cores";
    attempt_has_failed(&failed_, 1, ATTEMPT_FEWER);
    EXPECT_EQ(Find(), Found(0, -2));
}

TEST_F(Attempt, AStageAtItsLimitThatGetsItsCoresIsLeftAlone)
{
    LimitIsDelayed(0.01);
    look_.spare[0] = 3;
    EXPECT_EQ(Find(), NOTHING);
}

TEST_F(Attempt, OfWorkersThatCrowdTheCoresAFifthOfTheMostRunnableLeave)
{
    Crowd(2);
    stages_[1].workers = 10;
    look_.runnable_s[1] *= 1.5;
    EXPECT_EQ(Find(), Found(1, -2));
}

// It takes half again as long as it did with fewer workers; the others take more of the cores.
TEST_F(Attempt, TheStageWhoseFramesHaveBecomeDearerIsTriedFirst)
{
    Crowd(2);
    look_.runnable_s[1] /= 2;
    stages_[1].cpu_s = 0.0015;
    EXPECT_EQ(Find().first, 1);
}

TEST_F(Attempt, WhereAFewFewerDidNotHelpTwoThirdsLeave)
{
    Crowd(3);
    stages_[1].workers = stages_[1].least = 1;
    stages_[2].workers = stages_[2].least = 1;
    stages_[0].workers = 9;
    attempt_has_failed(&failed_, 0, ATTEMPT_FEWER);
    EXPECT_EQ(Find(), Found(0, -6));
}

TEST_F(Attempt, OfThreeWorkersOnOneCoreOneCanStay)
{
    look_.cpus = 1;
    Crowd(3);
    look_.runnable_s[1] = 28;
    look_.runnable_s[0] = look_.runnable_s[2] = 1;
    stages_[0].workers = stages_[2].workers = 1;
    stages_[1].workers = 3;
    attempt_has_failed(&failed_, 1, ATTEMPT_FEWER);
    EXPECT_EQ(Find(), Found(1, -2));
}

TEST_F(Attempt, AWorkerOfFortyIsNotWorthATryAndHidesNoOther)
{
    stages_[1] = {40, 1, 41, 0, 0.001, 0.001};
    look_.occupied[0] = 0.8;
    look_.occupied[1] = 0.9;
    EXPECT_EQ(Find(), Found(0, 2));
    stages_[1].most = 42;
    EXPECT_EQ(Find(), Found(1, 2));
}

// They wait for a device or for input, so that fewer of them would leave the cores as they are.
TEST_F(Attempt, AStageThatIsHardlyRunnableDoesNotCrowd)
{
    Crowd(2);
    look_.runnable_s[2] = 1;
    attempt_has_failed(&failed_, 0, ATTEMPT_FEWER);
    attempt_has_failed(&failed_, 0, ATTEMPT_FAR_FEWER);
    attempt_has_failed(&failed_, 1, ATTEMPT_FEWER);
    attempt_has_failed(&failed_, 1, ATTEMPT_FAR_FEWER);
    EXPECT_EQ(Find(), NOTHING);
}

TEST_F(Attempt, TheStageAtItsLimitKeepsItsOwnWorkers)
{
    LimitIsDelayed(0.2);
    look_.spare[2] = 0.9;
    look_.runnable_s[2] = 30;
    EXPECT_EQ(Find(), NOTHING);
}

TEST_F(Attempt, WhatChanceHidesIsNotTried)
{
    Crowd(2);
    look_.noise = 0.05;
    EXPECT_NE(Find(), NOTHING);
    look_.noise = 0.07;
    EXPECT_EQ(Find(), NOTHING);
}

TEST_F(Attempt, ASourceWithBreaksThatWaitsForCoresGetsMoreWorkers)
{
    Crowd(2);
    look_.has_breaks = 1;
    look_.occupied[0] = 1;
    look_.delayed[0] = 0.3;
    EXPECT_EQ(Find(), Found(0, 2));
    stages_[1].cpu_s = 0.0016;
    EXPECT_EQ(Find(), Found(1, -1)) << "but first those leave that get in each other's way";
    attempt_has_failed(&failed_, 1, ATTEMPT_FEWER);
    attempt_has_failed(&failed_, 1, ATTEMPT_FAR_FEWER);
    EXPECT_EQ(Find(), Found(0, 2)) << "unless that did not help";
}

TEST_F(Attempt, SourcesThatStoreForTheirBreaksAreNotMadeFewer)
{
    Crowd(2);
    look_.runnable_s[0] *= 3;
    EXPECT_EQ(Find().first, 0);
    look_.has_breaks = 1;
    EXPECT_NE(Find().first, 0);
}

TEST_F(Attempt, SourcesWithBreaksThatComputeAndGetInEachOthersWayAreACrowd)
{
    Crowd(2);
    look_.has_breaks = 1;
    stages_[1].workers = stages_[2].workers = 1;
    look_.occupied[0] = 1;
    look_.runnable_s[0] = 40; // all of the time of four workers
    EXPECT_EQ(Find(), NOTHING);
    stages_[0].cpu_s = 0.0016;
    EXPECT_EQ(Find(), Found(0, -1));
    look_.runnable_s[0] = 15;
    EXPECT_EQ(Find(), NOTHING) << "one that rather waits holds frames for the break";
}

TEST_F(Attempt, WithBreaksTheCoresAreCrowdedIfTheyAreWhileTheyAreInUse)
{
    Crowd(1.2);
    look_.used = 0.7;
    EXPECT_EQ(Find(), NOTHING);
    look_.has_breaks = 1;
    EXPECT_EQ(Find(), Found(1, -1));
}

TEST_F(Attempt, WithBreaksASourceIsTriedThoughItWaitsForRoom)
{
    look_.has_breaks = 1;
    EXPECT_EQ(Find(), Found(0, 2));
}
