// The host as a whole: stages get workers as they need them, and it says why.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shell.h"

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

namespace
{

class Scaling : public testing::Test
{
  protected:
    // What it wrote to stderr.
    std::string Run(const std::string &pipeline)
    {
        const Outcome o = folder_.run("micropipe run -e '" + pipeline + "' 2>messages");
        std::string messages = folder_.read("messages");
        EXPECT_EQ(o.status, 0) << messages;
        return messages;
    }

    Folder folder_;
};

} // namespace

TEST_F(Scaling, AStageThatWaitsGetsMoreWorkersThanThereAreCoresAndTheReasonIsLogged)
{
    std::string log = Run("core.generate count=2000 | debug.work wait=20ms | core.null");
    EXPECT_THAT(log, ContainsRegex("work: 1 -> [0-9]+ workers: it would hold back the rest: 1 carry [0-9.]+ frames/s"));
    EXPECT_THAT(log, ContainsRegex("work +[1-9][0-9] +2 000")) << "and the table has them";
}

TEST_F(Scaling, AFixedNumberStays)
{
    std::string log = Run("core.generate count=200 | debug.work wait=20ms :workers=2 | core.null");
    EXPECT_THAT(log, Not(HasSubstr("->")));
    EXPECT_THAT(log, ContainsRegex("work +2 +200"));
}

TEST_F(Scaling, WhatLimitsThePipelineIsTold)
{
    std::string log = Run("core.generate count=300 | debug.work wait=20ms :workers=1 | core.null");
    EXPECT_THAT(log, ContainsRegex("limited by: stage work \\(1 worker, max = 1, busy [0-9]+ %\\)"));
}

TEST_F(Scaling, NoMoreThanTheMostIsGiven)
{
    std::string log = Run("core.generate count=1000 | debug.work wait=20ms :workers=1-5 | core.null");
    EXPECT_THAT(log, ContainsRegex("work: 1 -> 5 workers"));
    EXPECT_THAT(log, Not(ContainsRegex("-> [6-9]")));
}
