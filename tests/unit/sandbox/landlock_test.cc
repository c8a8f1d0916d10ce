// What is asked of Landlock, which each kernel has up to another ABI.
#include "confined.h"

extern "C" {
#include "landlock.h"
}

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/landlock.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdarg>
#include <cstdlib>
#include <cstring>
#include <string>

namespace
{

constexpr uint64_t kRefer = UINT64_C(1) << 13, kTruncate = UINT64_C(1) << 14;

// A kernel, as the code under test sees it.
struct Kernel {
    bool faked;
    int abi;
    bool makes_no_ruleset, restricts_nothing;
    // What it was asked for.
    uint64_t files, scope;
    int rules, restrictions;
} kernel;

// It answers with descriptors that can be closed.
long Answer(long number, long a, long b)
{
    if (number == SYS_landlock_create_ruleset && a == 0) {
        errno = ENOSYS;
        return kernel.abi > 0 ? kernel.abi : -1;
    }
    if (number == SYS_landlock_create_ruleset) {
        uint64_t fields[3] = {};
        memcpy(fields, reinterpret_cast<const void *>(a), static_cast<size_t>(b));
        kernel.files = fields[0];
        kernel.scope = fields[2];
        return kernel.makes_no_ruleset ? -1 : open("/dev/null", O_RDONLY | O_CLOEXEC);
    }
    if (number == SYS_landlock_add_rule)
        return kernel.rules++, 0;
    kernel.restrictions++;
    return kernel.restricts_nothing ? -1 : 0;
}

class LandlockOf : public testing::Test
{
  protected:
    void SetUp() override
    {
        kernel = {};
        kernel.faked = true;
    }
    void TearDown() override { kernel.faked = false; }

    static int Enter(sandbox_level level, const char *writable = nullptr)
    {
        sandbox s = {};
        s.level = level;
        s.writable = writable;
        return landlock_enter(&s);
    }
};

} // namespace

extern "C" {
long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);

long __wrap_syscall(long number, ...)
{
    long a[6];
    va_list list;
    va_start(list, number);
    for (long &argument : a)
        argument = va_arg(list, long);
    va_end(list);
    return kernel.faked ? Answer(number, a[0], a[1]) : __real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
}

TEST_F(LandlockOf, AKernelWithoutItIsAskedForNothing)
{
    kernel.abi = 0;
    EXPECT_EQ(landlock_abi(), 0);
    EXPECT_EQ(Enter(SANDBOX_STRICT), 0);
    EXPECT_EQ(kernel.restrictions, 0);
}

TEST_F(LandlockOf, AnOldKernelIsAskedForNothingThatItDoesNotKnow)
{
    kernel.abi = 1;
    EXPECT_EQ(Enter(SANDBOX_STRICT), 1);
    EXPECT_EQ(kernel.files & (kRefer | kTruncate), 0u);
    EXPECT_EQ(kernel.scope, 0u);
    kernel.abi = 2;
    EXPECT_EQ(Enter(SANDBOX_STRICT), 2);
    EXPECT_EQ(kernel.files & (kRefer | kTruncate), kRefer);
    kernel.abi = 3;
    EXPECT_EQ(Enter(SANDBOX_STRICT), 3);
    EXPECT_EQ(kernel.files & (kRefer | kTruncate), kRefer | kTruncate);
    EXPECT_EQ(kernel.scope, 0u);
}

TEST_F(LandlockOf, AnOldKernelCanDoNothingAtIo)
{
    kernel.abi = 5;
    EXPECT_EQ(Enter(SANDBOX_IO), 0);
    EXPECT_EQ(kernel.restrictions, 0);
}

TEST_F(LandlockOf, ANewKernelKeepsSignalsInAndAtStrictAbstractSocketsToo)
{
    kernel.abi = 6;
    EXPECT_EQ(Enter(SANDBOX_IO), 6);
    EXPECT_EQ(kernel.scope, 2u);
    EXPECT_EQ(kernel.files, 0u);
    EXPECT_EQ(kernel.rules, 0);
    EXPECT_EQ(Enter(SANDBOX_STRICT), 6);
    EXPECT_EQ(kernel.scope, 3u);
    EXPECT_NE(kernel.files, 0u);
}

TEST_F(LandlockOf, AFolderThatIsNotThereGetsNoRule)
{
    kernel.abi = 6;
    EXPECT_EQ(Enter(SANDBOX_STRICT, "/tmp/micropipe-that-is-not-there"), 6);
    EXPECT_EQ(kernel.rules, 1) << "/dev/null's";
    EXPECT_EQ(Enter(SANDBOX_STRICT, "/tmp"), 6);
    EXPECT_EQ(kernel.rules, 3);
}

TEST_F(LandlockOf, AKernelThatRefusesIsReported)
{
    kernel.abi = 6;
    kernel.restricts_nothing = true;
    EXPECT_EQ(Enter(SANDBOX_IO), 0);
    EXPECT_EQ(kernel.restrictions, 1);
    kernel.makes_no_ruleset = true;
    EXPECT_EQ(Enter(SANDBOX_IO), 0);
    EXPECT_EQ(kernel.restrictions, 1);
}

TEST(Landlock, AtStrictOnlyTheFolderOfTheDeadLettersCanBeWrittenTo)
{
    if (landlock_abi() == 0)
        GTEST_SKIP() << "this kernel has none";
    char name[] = "/tmp/micropipe-sandbox-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    std::string inside = std::string(name) + "/letter", outside = std::string(name) + ".outside";
    sandbox s = {};
    s.level = SANDBOX_STRICT;
    s.writable = name;
    EXPECT_EQ(Confined(s,
                       [&] {
                           int wrong = creat(inside.c_str(), 0600) < 0;
                           wrong |= (ErrorOf(open(outside.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600)) != EACCES)
                                    << 1;
                           wrong |= (open("/dev/null", O_WRONLY | O_CLOEXEC) < 0) << 2;
                           return wrong;
                       }),
              0);
    unlink(inside.c_str());
    unlink(outside.c_str());
    rmdir(name);
}
