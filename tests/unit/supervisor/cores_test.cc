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

TEST(Cores, FiguresThatWentBackSayNothingOfOthers)
{
    cores c = {};
    cores_take(&c, 0);
    cores_available(&c, 5 * NS_PER_S, 2 * NS_PER_S);
    uint64_t busy = c.busy_ns;
    c.others = 1;
    c.busy_ns = 0;
    cores_available(&c, 5 * NS_PER_S, 2 * NS_PER_S); // no time has passed
    EXPECT_EQ(c.others, 1);
    c.busy_ns = 0;
    cores_available(&c, 4 * NS_PER_S, 3 * NS_PER_S); // a worker that ended is no longer counted
    EXPECT_EQ(c.others, 1);
    c.busy_ns = UINT64_MAX; // a processor went offline
    cores_available(&c, 6 * NS_PER_S, 4 * NS_PER_S);
    EXPECT_EQ(c.others, 1);
    EXPECT_GE(c.busy_ns, busy) << "the next look compares with what was seen";
}

TEST(Cores, OnlyWhatIsDoneOnItsOwnProcessorsIsCounted)
{
    if (All() == 1)
        GTEST_SKIP() << "one processor";
    Child bound([] {
        cores all, one;
        cores_take(&all, 0);
        cores_take(&one, 1);
        cores_available(&one, 0, NS_PER_S); // first, as time goes on
        cores_available(&all, 0, NS_PER_S);
        return one.busy_ns < all.busy_ns ? 0 : 1;
    });
    EXPECT_EQ(bound.Wait(), 0);
}
