// micropipe run, stopped by signals: the sources stop, the rest is drained, and every frame is accounted for.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "child.h"

namespace
{

using testing::HasSubstr;

class Stop : public testing::TestWithParam<int>
{
};

TEST_P(Stop, BySignalDrainsAndIsNoFailure)
{
    Running child({"run", "-e", "core.generate | core.take count=1000000000000 | core.null"});
    child.WaitFor("info micropipe: memory");
    child.Signal(GetParam());
    child.WaitFor("bottleneck");
    EXPECT_EQ(child.Wait(), 0) << child.said();
    EXPECT_THAT(child.said(), HasSubstr("reason: stopped by "));
}

INSTANTIATE_TEST_SUITE_P(Signals, Stop, testing::Values(SIGTERM, SIGINT));

} // namespace
