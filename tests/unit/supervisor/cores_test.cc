// The budget of cores is the kernel's to hold.
extern "C" {
#include "clock.h"
#include "cores.h"
}

#include <gtest/gtest.h>
#include <sched.h>

#include "child.h"

namespace
{

// What a process that takes the budget may use then.
int BoundTo(uint32_t limit)
{
    return Child([&] {
               cores c;
               cpu_set_t set;
               cores_take(&c, limit);
               return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 0;
           })
        .Wait();
}

int All()
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 0;
}

} // namespace

TEST(Cores, ALimitBindsToSoMany)
{
    EXPECT_EQ(BoundTo(1), 1);
}

TEST(Cores, NoLimitOrAHigherOneBindsToNone)
{
    EXPECT_EQ(BoundTo(0), All());
    EXPECT_EQ(BoundTo(4000), All());
}

TEST(Cores, WhatThePipelineUsesItselfIsAvailableToIt)
{
    cores c = {};
    cores_take(&c, 0);
    double all = c.budget;
    EXPECT_DOUBLE_EQ(cores_available(&c, 0, NS_PER_S), all) << "the first look has nothing to compare with";
    c.others = 0;
    // As if all that the machine has done since were ours.
    EXPECT_DOUBLE_EQ(cores_available(&c, UINT64_MAX / 2, 2 * NS_PER_S), all);
}

TEST(Cores, WhatOthersUseIsNotButForOneCore)
{
    cores c = {};
    cores_take(&c, 0);
    cores_available(&c, 0, NS_PER_S);
    c.busy_ns = 0; // all that this machine ever did, within a second
    EXPECT_DOUBLE_EQ(cores_available(&c, 0, 2 * NS_PER_S), 1);
}
