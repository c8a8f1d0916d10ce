// How the memory that workers may take of their own is shared out.
#include <gtest/gtest.h>

#include <vector>

extern "C" {
#include "budget.h"
}

namespace
{

constexpr uint64_t MiB = 1 << 20;

class Budget : public testing::Test
{
  protected:
    // Of 100 MiB, 10 are the host's and the servers'.
    void Shares(std::vector<share> shares)
    {
        shares_ = std::move(shares);
        budget_ = {100 * MiB, 10 * MiB, static_cast<uint32_t>(shares_.size()), shares_.data()};
    }
    budget_answer Ask(uint32_t who, uint64_t bytes, uint64_t surplus = 0)
    {
        grant_ = 0;
        return budget_ask(&budget_, who, bytes, surplus, &grant_);
    }
    // Own, grant, used.
    static share Of(uint64_t own, uint64_t grant, uint64_t used, int leaving = 0)
    {
        return {own * MiB, grant * MiB, used * MiB, leaving};
    }

    std::vector<share> shares_;
    budget budget_ = {};
    uint64_t grant_ = 0;
};

} // namespace

TEST_F(Budget, WhatIsFreeIsWhatNobodyHas)
{
    Shares({Of(2, 20, 5), Of(2, 30, 30)});
    EXPECT_EQ(budget_free(&budget_), 36 * MiB);
    budget_.fixed = 200 * MiB;
    EXPECT_EQ(budget_free(&budget_), 0u) << "less than nothing is nothing";
}

TEST_F(Budget, WhatIsInUseIsNeverMoreThanIsGivenOut)
{
    Shares({Of(2, 20, 5), Of(2, 30, 30), Of(0, 0, 0)});
    EXPECT_EQ(budget_used(&budget_), 49 * MiB);
    Shares({Of(2, 20, 90)});
    EXPECT_EQ(budget_used(&budget_), 32 * MiB);
    budget_.fixed = 200 * MiB;
    EXPECT_EQ(budget_used(&budget_), 100 * MiB);
}

TEST_F(Budget, AnUnknownWorkerBeginsWithHalfOfAnEvenPart)
{
    Shares({Of(0, 0, 0), Of(0, 0, 0), Of(0, 0, 0)});
    EXPECT_EQ(budget_first(&budget_, 2 * MiB, 0, 3), 13 * MiB) << "90 / 6, with what it takes in any case";
}

TEST_F(Budget, AWorkerOfAKnownStageBeginsWithWhatTheOthersNeed)
{
    Shares({Of(0, 0, 0)});
    EXPECT_EQ(budget_first(&budget_, 2 * MiB, 16 * MiB, 1), budget_target(16 * MiB));
}

TEST_F(Budget, AWorkerThatDoesNotFitIsNotStarted)
{
    Shares({Of(2, 75, 75), Of(0, 0, 0)});
    EXPECT_GT(budget_first(&budget_, 2 * MiB, 10 * MiB, 1), 0u);
    EXPECT_EQ(budget_first(&budget_, 2 * MiB, 11 * MiB, 1), 0u);
    EXPECT_EQ(budget_first(&budget_, 13 * MiB, 0, 1), 0u) << "nor one that could not even begin";
}

TEST_F(Budget, NoFirstGrantIsMoreThanThereIs)
{
    for (uint64_t used = 0; used < 88; used++) {
        Shares({Of(2, used, used), Of(0, 0, 0)});
        for (uint64_t need : {uint64_t{0}, 1 * MiB, 20 * MiB, 70 * MiB}) {
            uint64_t grant = budget_first(&budget_, 2 * MiB, need, 1);
            EXPECT_LE(grant ? grant + 2 * MiB : 0, budget_free(&budget_)) << used << " " << need;
        }
    }
}

TEST_F(Budget, WhatIsFreeIsGranted)
{
    Shares({Of(2, 20, 20)});
    EXPECT_EQ(Ask(0, 30 * MiB), BUDGET_GRANT);
    EXPECT_GE(grant_, 50 * MiB);
    EXPECT_LE(grant_, 88 * MiB);
}

TEST_F(Budget, NoGrantIsMoreThanThereIs)
{
    for (uint64_t other = 0; other < 60; other++)
        for (uint64_t bytes = 1; bytes < 100; bytes++) {
            Shares({Of(2, 20, 20), Of(2, other, other)});
            if (Ask(0, bytes * MiB) == BUDGET_GRANT) {
                EXPECT_LE(grant_ - 20 * MiB, budget_free(&budget_)) << other << " " << bytes;
                EXPECT_GE(grant_, (20 + bytes) * MiB) << other << " " << bytes;
            }
        }
}

TEST_F(Budget, WhatOthersDoNotUseIsTakenBackBeforeAnybodyLeaves)
{
    Shares({Of(2, 20, 20), Of(2, 60, 10)});
    EXPECT_EQ(Ask(0, 40 * MiB, 50 * MiB), BUDGET_TAKE_BACK);
}

TEST_F(Budget, AWorkerThatCanBeDoneWithoutMakesRoom)
{
    Shares({Of(2, 20, 20), Of(2, 60, 60)});
    EXPECT_EQ(Ask(0, 40 * MiB, 62 * MiB), BUDGET_RETIRE);
    shares_[1].is_leaving = 1;
    EXPECT_EQ(Ask(0, 40 * MiB, 0), BUDGET_WAIT) << "and one at a time";
}

TEST_F(Budget, WhatOthersUseIsWaitedFor)
{
    Shares({Of(2, 20, 20), Of(2, 60, 60)});
    EXPECT_EQ(Ask(0, 40 * MiB), BUDGET_WAIT);
}

TEST_F(Budget, WhatWouldNotFitIfNobodyElseHadAnythingIsRefusedAtOnce)
{
    Shares({Of(2, 20, 20), Of(2, 60, 60)});
    EXPECT_EQ(Ask(0, 70 * MiB), BUDGET_REFUSE);
    EXPECT_EQ(Ask(0, UINT64_MAX - MiB), BUDGET_REFUSE) << "whatever a plugin asks for";
}

TEST_F(Budget, AnAllocatorThatAsksAgainGetsMore)
{
    Shares({Of(2, 20, 2)});
    EXPECT_EQ(Ask(0, MiB), BUDGET_GRANT) << "the figures say that it has room, but it knows better";
    EXPECT_GT(grant_, 20 * MiB);
}
