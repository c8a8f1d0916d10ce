// Who fences: the sleeper for all by membarrier(2) where the kernel has it, else each waker for itself.
extern "C" {
#include "event.h"
}

#include <cstring>
#include <gtest/gtest.h>
#include <linux/membarrier.h>
#include <sys/syscall.h>

namespace
{

constexpr long REAL = -2;
long offered = REAL; // what the kernel says that it has
int asked[1 << 10];  // calls of each membarrier command

} // namespace

// The linker puts it in the place of syscall().
extern "C" {
long __real_syscall(long n, long a, long b, long c, long d, long e, long f);
long __wrap_syscall(long n, long a, long b, long c, long d, long e, long f);
long __wrap_syscall(long n, long a, long b, long c, long d, long e, long f)
{
    if (n == SYS_membarrier && a < 1 << 10)
        asked[a]++;
    if (n == SYS_membarrier && a == MEMBARRIER_CMD_QUERY && offered != REAL)
        return offered;
    return __real_syscall(n, a, b, c, d, e, f);
}
}

namespace
{

class Fence : public testing::Test
{
  protected:
    Fence() { memset(asked, 0, sizeof asked); }
    ~Fence() override { offered = REAL; }

    bool IsLeftToWakersIfTheKernelOffers(long commands)
    {
        event e = {};
        offered = commands;
        event_init(&e);
        return (au32_relaxed(&e.armed) & EVENT_FENCED) != 0;
    }
};

} // namespace

TEST_F(Fence, IsLeftToWakersUnlessTheKernelHasBothCommands)
{
    EXPECT_TRUE(IsLeftToWakersIfTheKernelOffers(-1)) << "no such call";
    EXPECT_TRUE(IsLeftToWakersIfTheKernelOffers(MEMBARRIER_CMD_GLOBAL));
    EXPECT_TRUE(IsLeftToWakersIfTheKernelOffers(MEMBARRIER_CMD_GLOBAL_EXPEDITED));
    EXPECT_TRUE(IsLeftToWakersIfTheKernelOffers(MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED));
    EXPECT_FALSE(
        IsLeftToWakersIfTheKernelOffers(MEMBARRIER_CMD_GLOBAL_EXPEDITED | MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED))
        << "each wake would cost a fence";
}

TEST_F(Fence, IsNotAskedOfAKernelThatHasNone)
{
    event e = {};
    au32_store_relaxed(&e.armed, EVENT_FENCED);
    event_prepare(&e);
    EXPECT_EQ(asked[MEMBARRIER_CMD_GLOBAL_EXPEDITED], 0);
}

TEST_F(Fence, IsAskedOfTheKernelByEachSleeperAndJoinedByEachWaker)
{
    event e = {};
    event_init(&e);
    if (au32_relaxed(&e.armed) & EVENT_FENCED)
        GTEST_SKIP() << "the kernel has no global expedited membarrier";
    event_join();
    EXPECT_EQ(asked[MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED], 1) << "a waker that is not joined passes no fence";
    event_prepare(&e);
    EXPECT_EQ(asked[MEMBARRIER_CMD_GLOBAL_EXPEDITED], 1);
}
