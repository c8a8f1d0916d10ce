// The memory that processes ask in, and the limit that they ask because of.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <functional>

extern "C" {
#include "allowance.h"
#include "event.h"

// The linker puts it in the place of event_sleep().
int __real_event_sleep(struct event *e, uint32_t sequence, uint64_t deadline_ns);
int __wrap_event_sleep(struct event *e, uint32_t sequence, uint64_t deadline_ns);
}

namespace
{

bool time_is_over;

// What a child ends with; limits that it sets are its own.
int InAChild(const std::function<int()> &work)
{
    pid_t child = fork();
    if (child == 0)
        _exit(work());
    int status = -1;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

} // namespace

int __wrap_event_sleep(struct event *e, uint32_t sequence, uint64_t deadline_ns)
{
    return time_is_over ? 0 : __real_event_sleep(e, sequence, deadline_ns);
}

TEST(Allowance, OfMoreProcessesThanThereIsMemoryForIsNone)
{
    allowances a = {};
    EXPECT_EQ(InAChild([&] {
                  const rlimit few = {1 << 20, 1 << 20};
                  setrlimit(RLIMIT_AS, &few);
                  int error = allowances_create(&a, 1 << 20);
                  return error == -ENOMEM && !a.each ? 0 : 1;
              }),
              0);
}

TEST(Allowance, WithoutABellLeavesNothingBehind)
{
    EXPECT_EQ(InAChild([] {
                  allowances a = {};
                  const rlimit none = {0, 0};
                  setrlimit(RLIMIT_NOFILE, &none);
                  return allowances_create(&a, 1) == -EMFILE && !a.each && a.bell == -1 ? 0 : 1;
              }),
              0);
}

TEST(Allowance, IsDestroyedOnceThoughItIsToldSoTwice)
{
    allowances a = {};
    ASSERT_EQ(allowances_create(&a, 1), 0);
    allowances_destroy(&a);
    EXPECT_EQ(a.each, nullptr);
    EXPECT_EQ(a.bell, -1);
    allowances_destroy(&a);
}

TEST(Allowance, AHostThatDoesNotAnswerHasRefused)
{
    allowances a = {};
    ASSERT_EQ(allowances_create(&a, 1), 0);
    time_is_over = true;
    EXPECT_EQ(allowance_ask(a.each, a.bell, 5000), ALLOWANCE_REFUSED);
    time_is_over = false;
    EXPECT_EQ(au64_relaxed(&a.each->refused), 5000u);
    EXPECT_EQ(allowance_asked(a.each), 0u) << "it waits no longer";
    allowances_destroy(&a);
}

TEST(Allowance, IsNotHeldWhereALowerLimitIsSetAlready)
{
    EXPECT_EQ(InAChild([] {
                  const rlimit little = {1000, 1000};
                  setrlimit(RLIMIT_DATA, &little);
                  return allowance_holds();
              }),
              0);
}

TEST(Allowance, LimitIsNeverAboveTheHardOne)
{
    EXPECT_EQ(InAChild([] {
                  const rlimit hard = {1 << 30, 1 << 30};
                  rlimit now = {};
                  setrlimit(RLIMIT_DATA, &hard);
                  allowance_limit(UINT64_MAX);
                  if (getrlimit(RLIMIT_DATA, &now) != 0 || now.rlim_cur != 1 << 30)
                      return 1;
                  allowance_limit(1 << 29);
                  return getrlimit(RLIMIT_DATA, &now) == 0 && now.rlim_cur == 1 << 29 && now.rlim_max == 1 << 30 ? 0
                                                                                                                 : 2;
              }),
              0);
}
