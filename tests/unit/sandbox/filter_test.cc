// What the filter refuses at each level, and that half a filter is none.
#include "confined.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace
{

// Rules until one fails; 0: none does.
int rules_left;
bool no_memory;

enum { IO = SANDBOX_IO, STRICT = SANDBOX_STRICT };

sandbox Level(int level)
{
    sandbox s = {};
    s.level = static_cast<sandbox_level>(level);
    return s;
}

int Seccomp()
{
    return prctl(PR_GET_SECCOMP);
}

// Enters the sandbox with one rule failing. Bit 0: it says so, bit 1: half a filter is in force, bit 2: none failed.
int EnterWithoutRule(int level, int n)
{
    return Child([&] {
               sandbox s = Level(level);
               char text[256];
               rules_left = n;
               sandbox_enter(&s, SANDBOX_UNSEEN);
               sandbox_describe(&s, text, sizeof text);
               bool said =
                   s.filter == -EDOM && std::string(text).find("system calls NOT filtered") != std::string::npos;
               return (said ? 1 : 0) | (Seccomp() != 0 ? 2 : 0) | (rules_left > 0 ? 4 : 0);
           })
        .Wait();
}

} // namespace

extern "C" {
int __real_seccomp_rule_add_array(scmp_filter_ctx f, uint32_t action, int call, unsigned n, const scmp_arg_cmp *a);
int __wrap_seccomp_rule_add_array(scmp_filter_ctx f, uint32_t action, int call, unsigned n, const scmp_arg_cmp *a);
scmp_filter_ctx __real_seccomp_init(uint32_t action);
scmp_filter_ctx __wrap_seccomp_init(uint32_t action);

int __wrap_seccomp_rule_add_array(scmp_filter_ctx f, uint32_t action, int call, unsigned n, const scmp_arg_cmp *a)
{
    if (rules_left > 0 && --rules_left == 0)
        return -EDOM;
    return __real_seccomp_rule_add_array(f, action, call, n, a);
}

scmp_filter_ctx __wrap_seccomp_init(uint32_t action)
{
    return no_memory ? nullptr : __real_seccomp_init(action);
}
}

TEST(Filter, OfWhichOneRuleFailsIsNotInForceAndIsReported)
{
    for (int level : {IO, STRICT}) {
        int n = 1;
        for (int result = 0; result != 6; n++) { // a filter, and no rule failed
            result = EnterWithoutRule(level, n);
            ASSERT_TRUE(result == 1 || result == 6) << "rule " << n << " of level " << level << ": " << result;
        }
        EXPECT_GT(n, 50);
    }
}

TEST(Filter, ForWhichThereIsNoMemoryIsReported)
{
    EXPECT_EQ(Child([] {
                  sandbox s = Level(IO);
                  no_memory = true;
                  sandbox_enter(&s, SANDBOX_UNSEEN);
                  return s.filter == -ENOMEM && Seccomp() == 0 ? 0 : 1;
              }).Wait(),
              0);
}

TEST(Filter, RefusesToStartProcessesAndPrograms)
{
    for (int level : {IO, STRICT})
        EXPECT_EQ(Confined(Level(level),
                           [] {
                               char *const none[] = {nullptr};
                               clone_args arguments = {};
                               int wrong = ErrorOf(fork()) != EPERM;
                               wrong |= (ErrorOf(execve("/bin/true", none, none)) != EPERM) << 1;
                               wrong |= (ErrorOf(syscall(SYS_clone3, &arguments, sizeof arguments)) != ENOSYS) << 2;
                               return wrong;
                           }),
                  0)
            << level;
}

TEST(Filter, RefusesSignalsToAllButTheCallerItself)
{
    EXPECT_EQ(Confined(Level(IO),
                       [] {
                           int wrong = ErrorOf(kill(getppid(), 0)) != EPERM;
                           wrong |= (ErrorOf(kill(-1, 0)) != EPERM) << 1;
                           wrong |= (ErrorOf(kill(getpid(), 0)) != 0) << 2;
                           return wrong;
                       }),
              0);
}

TEST(Filter, LetsNoProcessOutliveItsParent)
{
    EXPECT_EQ(Confined(Level(IO),
                       [] {
                           int wrong = ErrorOf(prctl(PR_SET_PDEATHSIG, 0)) != EPERM;
                           wrong |= (ErrorOf(prctl(PR_SET_PDEATHSIG, SIGKILL)) != 0) << 1;
                           return wrong;
                       }),
              0);
}

TEST(Filter, RefusesToChangeTheLimitOfTheCallersDataAndLetsItBeRead)
{
    EXPECT_EQ(Confined(Level(IO),
                       [] {
                           rlimit limit = {};
                           int wrong = getrlimit(RLIMIT_DATA, &limit) != 0;
                           wrong |= (ErrorOf(setrlimit(RLIMIT_DATA, &limit)) != EPERM) << 1;
                           wrong |= (ErrorOf(syscall(SYS_setrlimit, RLIMIT_DATA, &limit)) != EPERM) << 2;
                           wrong |= (getrlimit(RLIMIT_STACK, &limit) != 0) << 3;
                           wrong |= (setrlimit(RLIMIT_STACK, &limit) != 0) << 4;
                           return wrong;
                       }),
              0);
}

TEST(Filter, LeavesFilesAndSocketsAloneAtIo)
{
    EXPECT_EQ(Confined(Level(IO),
                       [] {
                           int wrong = open("/dev/null", O_WRONLY | O_CLOEXEC) < 0;
                           wrong |= (socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) < 0) << 1;
                           return wrong;
                       }),
              0);
}

TEST(Filter, RefusesToWriteFilesAndToMakeSocketsAtStrict)
{
    EXPECT_EQ(Confined(Level(STRICT),
                       [] {
                           int wrong = ErrorOf(open("/dev/null", O_WRONLY | O_CLOEXEC)) != EPERM;
                           wrong |= (ErrorOf(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) != EPERM) << 1;
                           wrong |= (ErrorOf(mkdir("/tmp/micropipe-never", 0700)) != EPERM) << 2;
                           wrong |= (open("/dev/null", O_RDONLY | O_CLOEXEC) < 0) << 3;
                           return wrong;
                       }),
              0);
}
