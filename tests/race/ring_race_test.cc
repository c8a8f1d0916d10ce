// The two ends of a ring, with their locks and events, and no transaction.
#include <gtest/gtest.h>

#include "ends.h"

namespace
{

class RingRace : public testing::TestWithParam<Ends>
{
};

TEST_P(RingRace, EachDescriptorIsTakenOnceAndEachProducersInOrder)
{
    EXPECT_EQ(RunEnds(GetParam()), "");
}

enum : uint64_t { EACH = 6000 };

INSTANTIATE_TEST_SUITE_P(Shapes, RingRace,
                         testing::Values(Ends{1, 1, 1, 64, EACH}, Ends{2, 1, 1, 64, EACH}, Ends{64, 1, 1, 64, EACH},
                                         Ends{4096, 1, 1, 64, EACH}, Ends{1, 2, 2, 64, EACH}, Ends{8, 3, 1, 64, EACH},
                                         Ends{8, 1, 3, 64, EACH}, Ends{64, 3, 3, 64, EACH},
                                         Ends{4096, 2, 2, 64, EACH}));

} // namespace
