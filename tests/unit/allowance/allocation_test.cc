// A process that has used up its allowance asks the host, which is the test, and goes on, or hears that it may not.
#include <gtest/gtest.h>
#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <new>

extern "C" {
#include "allocation.h"
}

namespace
{

constexpr size_t MiB = 1 << 20;

size_t data_of(pid_t pid)
{
    char path[64], line[128];
    size_t kib = 0;
    snprintf(path, sizeof path, "/proc/%d/status", pid);
    FILE *f = fopen(path, "re");
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "VmData: %zu kB", &kib) == 1)
            break;
    if (f)
        fclose(f);
    return kib << 10;
}

[[noreturn]] void leave(void *code)
{
    _exit(*static_cast<int *>(code));
}

int left_with = 75;
constexpr size_t n_taken = 32 << 20; // what take() writes to

class Allocation : public testing::Test
{
  protected:
    void SetUp() override
    {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
        GTEST_SKIP() << "the sanitizer has an allocator of its own";
#endif
        ASSERT_EQ(allowances_create(&allowances_, 1), 0);
    }
    ~Allocation() override
    {
        allowances_destroy(&allowances_);
    }

    enum Grant { RAISES_THE_LIMIT, IN_VAIN };

    // A child with `room` does its work; each request is answered so. Its exit code.
    int Child(const std::function<int()> &work, allowance_answer answer, Grant grant = RAISES_THE_LIMIT,
              size_t room = 8 * MiB)
    {
        pid_t child = fork();
        if (child == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            allowance_limit(data_of(getpid()) + room);
            allocation_watch(allowances_.each, allowances_.bell, leave, &left_with);
            _exit(work());
        }
        int status = 0;
        pollfd bell = {allowances_.bell, POLLIN, 0};
        while (waitpid(child, &status, WNOHANG) == 0) {
            uint64_t rung;
            if (poll(&bell, 1, 1) > 0 && read(bell.fd, &rung, sizeof rung) < 0)
                return -1;
            uint64_t asked = allowance_asked(allowances_.each);
            if (asked == 0)
                continue;
            asked_ += asked;
            rlimit more = {data_of(child) + asked + MiB, RLIM_INFINITY};
            if (answer == ALLOWANCE_GRANTED && grant == RAISES_THE_LIMIT)
                prlimit(child, RLIMIT_DATA, &more, nullptr);
            allowance_give(allowances_.each, answer);
        }
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }

    allowances allowances_ = {nullptr, 0, -1};
    size_t asked_ = 0;
};

int take(void *(*how)(size_t), size_t bytes)
{
    void *p = how(bytes);
    if (p)
        memset(p, 1, bytes);
    return p ? 0 : 1;
}

} // namespace

TEST_F(Allocation, TheKernelIsSeenToHoldALimitWhichIsAsBeforeThen)
{
    rlimit before = {}, after = {};
    getrlimit(RLIMIT_DATA, &before);
    EXPECT_EQ(allowance_holds(), 1);
    getrlimit(RLIMIT_DATA, &after);
    EXPECT_EQ(before.rlim_cur, after.rlim_cur);
    EXPECT_EQ(before.rlim_max, after.rlim_max);
}

TEST_F(Allocation, WhatDoesNotFitIsAskedForAndTheCallerHearsNothingOfIt)
{
    EXPECT_EQ(Child([] { return take(malloc, 32 * MiB); }, ALLOWANCE_GRANTED), 0);
    EXPECT_EQ(asked_, 32 * MiB);
}

struct Way {
    const char *name;
    void *(*take)(size_t);
};

template <bool with_size>
void *take_by_thread(size_t n)
{
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, n);
    if (!with_size)
        pthread_setattr_default_np(&attributes);
    auto run = [](void *) -> void * { return malloc(n_taken); };
    void *p = nullptr;
    errno = pthread_create(&thread, with_size ? &attributes : nullptr, run, nullptr);
    return errno == 0 && pthread_join(thread, &p) == 0 ? p : nullptr;
}

const Way ways[] = {
    {"malloc", malloc},
    {"calloc", [](size_t n) { return calloc(n / 16, 16); }},
    {"realloc", [](size_t n) { return realloc(malloc(16), n); }},
    {"reallocarray", [](size_t n) { return reallocarray(nullptr, n / 16, 16); }},
    {"memalign", [](size_t n) { return memalign(4096, n); }},
    {"aligned_alloc", [](size_t n) { return aligned_alloc(4096, n); }},
    {"posix_memalign",
     [](size_t n) {
         void *p = nullptr;
         errno = posix_memalign(&p, 4096, n);
         return errno == 0 ? p : nullptr;
     }},
    {"new", [](size_t n) { return operator new(n, std::nothrow); }},
    {"mmap",
     [](size_t n) {
         void *p = mmap64(nullptr, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
         return p == MAP_FAILED ? nullptr : p;
     }},
    {"a thread with attributes", take_by_thread<true>},
    {"a thread without attributes", take_by_thread<false>},
};

TEST_F(Allocation, WhatFitsIsNotAskedFor)
{
    for (const Way &way : ways)
        EXPECT_EQ(Child([&] { return way.take(MiB) ? 0 : 1; }, ALLOWANCE_REFUSED, IN_VAIN, n_taken + 8 * MiB), 0)
            << way.name;
    EXPECT_EQ(asked_, 0u);
}

TEST_F(Allocation, EachWayToAllocateAsks)
{
    for (const Way &way : ways) {
        asked_ = 0;
        EXPECT_EQ(Child([&] { return take(way.take, 32 * MiB); }, ALLOWANCE_GRANTED), 0) << way.name;
        EXPECT_GE(asked_, 32 * MiB) << way.name;
    }
}

TEST_F(Allocation, EachWayToAllocateFailsIfItIsRefused)
{
    for (const Way &way : ways) {
        asked_ = 0;
        au64_store_relaxed(&allowances_.each->refused, 0);
        EXPECT_EQ(Child([&] { return way.take(32 * MiB) == nullptr && errno != 0 ? 0 : 1; }, ALLOWANCE_REFUSED), 0)
            << way.name;
        EXPECT_GE(asked_, 32 * MiB) << way.name;
        EXPECT_EQ(au64_relaxed(&allowances_.each->refused), asked_) << way.name << ", which asked more than once";
    }
}

// 0: each way failed.
int take_each_in_vain()
{
    for (const Way &way : ways)
        if (way.take(32 * MiB))
            return 1;
    return 0;
}

TEST_F(Allocation, WhoHasNoAllowanceFailsAsWithoutUs)
{
    pid_t child = fork();
    if (child == 0) {
        allowance_limit(data_of(getpid()) + 8 * MiB);
        allocation_tidy();
        uint64_t own = allocation_refused(), before = allocation_refused_before();
        _exit(take_each_in_vain() || own || before);
    }
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
}

TEST_F(Allocation, WhatAPluginForksAsksForNothingInItsName)
{
    EXPECT_EQ(Child(
                  [] {
                      pid_t child = fork();
                      if (child == 0)
                          _exit(take_each_in_vain());
                      int status = -1;
                      return waitpid(child, &status, 0) == child ? status : -1;
                  },
                  ALLOWANCE_GRANTED),
              0);
    EXPECT_EQ(asked_, 0u);
    EXPECT_EQ(au32_relaxed(&allowances_.each->taken), 0u);
}

TEST_F(Allocation, WhatFailsForAnotherReasonIsNotAskedFor)
{
    const std::function<int()> works[] = {
        [] { return memalign(SIZE_MAX / 2 + 2, 16) == nullptr && errno == EINVAL ? 0 : 1; },
        [] { return aligned_alloc(SIZE_MAX / 2 + 2, 16) == nullptr && errno == EINVAL ? 0 : 1; },
        [] {
            void *p = nullptr;
            return posix_memalign(&p, 3, 16) == EINVAL ? 0 : 1;
        },
        [] { return realloc(malloc(16), 0) == nullptr ? 0 : 1; },
        [] { return reallocarray(malloc(16), 0, 16) == nullptr ? 0 : 1; },
        [] {
            return mmap(nullptr, 0, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? 0 : 1;
        },
        // Of those the limit says nothing.
        [] { return mmap(nullptr, SIZE_MAX / 2, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? 0 : 1; },
        [] {
            return mmap(nullptr, SIZE_MAX / 2, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0) == MAP_FAILED
                       ? 0
                       : 1;
        },
    };
    for (size_t i = 0; i < sizeof works / sizeof *works; i++)
        EXPECT_EQ(Child(works[i], ALLOWANCE_GRANTED), 0) << i;
    EXPECT_EQ(asked_, 0u);
}

TEST_F(Allocation, WhoIsGrantedInVainAsksAgainAndThenGivesUp)
{
    EXPECT_EQ(Child([] { return malloc(32 * MiB) ? 1 : 0; }, ALLOWANCE_GRANTED, IN_VAIN), 0);
    EXPECT_GT(asked_, 32 * MiB);
    EXPECT_EQ(au32_relaxed(&allowances_.each->taken), 1u) << "the host has not to wait for it";
}

TEST_F(Allocation, WhatIsRefusedFailsAsItDoesWithoutMemoryAndIsRemembered)
{
    EXPECT_EQ(Child(
                  [] {
                      errno = 0;
                      return malloc(32 * MiB) || errno != ENOMEM || allocation_refused() != 32 * MiB;
                  },
                  ALLOWANCE_REFUSED),
              0);
    char text[ALLOWANCE_TEXT];
    allowance_explain(au64_relaxed(&allowances_.each->refused), text, sizeof text);
    EXPECT_STREQ(text, "; it was refused 32768 KiB of memory of its own: raise workers_memory");
    allowance_explain(0, text, sizeof text);
    EXPECT_STREQ(text, "") << "nothing is to be said of nothing";
}

TEST_F(Allocation, ASuccessorKnowsWhatItsPredecessorWasRefused)
{
    au64_store_relaxed(&allowances_.each->before, 32 * MiB);
    EXPECT_EQ(Child(
                  [] {
                      uint64_t own = allocation_refused(), before = allocation_refused_before();
                      return own == 0 && before == 32 * MiB ? 0 : 1;
                  },
                  ALLOWANCE_REFUSED),
              0);
}

TEST_F(Allocation, OperatorNewThrowsThen)
{
    EXPECT_EQ(Child(
                  [] {
                      try {
                          operator delete(operator new(32 * MiB));
                      } catch (const std::bad_alloc &) {
                          return 0;
                      }
                      return 1;
                  },
                  ALLOWANCE_REFUSED),
              0);
}

TEST_F(Allocation, WhoShallMakeRoomForOthersLeavesFromWithinTheCall)
{
    EXPECT_EQ(Child([] { return take(malloc, 32 * MiB); }, ALLOWANCE_LEAVE), left_with);
    EXPECT_EQ(au64_relaxed(&allowances_.each->refused), 0u) << "that is no refusal";
}

TEST_F(Allocation, TidyingGivesBackWhatIsFreeInTheHeapAndOnlyWhenItIsAskedFor)
{
    EXPECT_EQ(Child(
                  [] {
                      mallopt(M_TRIM_THRESHOLD, 64 * MiB);
                      mallopt(M_MMAP_THRESHOLD, 64 * MiB);
                      free(malloc(4 * MiB));
                      size_t before = data_of(getpid());
                      allocation_tidy();
                      if (data_of(getpid()) < before)
                          return 1;
                      return 2;
                  },
                  ALLOWANCE_REFUSED),
              2);
    au32_store_relaxed(&allowances_.each->tidy, 1);
    EXPECT_EQ(Child(
                  [] {
                      mallopt(M_TRIM_THRESHOLD, 64 * MiB);
                      mallopt(M_MMAP_THRESHOLD, 64 * MiB);
                      free(malloc(4 * MiB));
                      size_t before = data_of(getpid());
                      allocation_tidy();
                      return data_of(getpid()) + 3 * MiB < before ? 0 : 1;
                  },
                  ALLOWANCE_REFUSED),
              0);
}

TEST_F(Allocation, ANonsensicalSizeIsNotAskedForWhereItOverflows)
{
    volatile size_t huge = SIZE_MAX - 100;
    const std::function<void *()> ways_to_fail[] = {
        [&] { return calloc(huge, 8); },
        [&] { return reallocarray(nullptr, huge, 8); },
        [&] { return memalign(4096, huge); },
        [&] { return aligned_alloc(4096, huge); },
        [&] {
            void *p = nullptr;
            return posix_memalign(&p, 4096, huge) == ENOMEM ? nullptr : &p;
        },
    };
    for (const auto &way : ways_to_fail)
        EXPECT_EQ(Child([&] { return way() ? 1 : 0; }, ALLOWANCE_GRANTED), 0);
    EXPECT_EQ(asked_, 0u);
}

TEST_F(Allocation, WhoHasNoBellIsRefusedAtOnce)
{
    allowances_.bell = (close(allowances_.bell), -1);
    EXPECT_EQ(Child([] { return malloc(32 * MiB) || allocation_refused() != 32 * MiB; }, ALLOWANCE_GRANTED), 0);
    EXPECT_EQ(asked_, 0u);
}

TEST_F(Allocation, ABellThatAPluginHasClosedKeepsNobodyFromTheAnswer)
{
    EXPECT_EQ(Child(
                  [this] {
                      close(allowances_.bell);
                      return take(malloc, 32 * MiB);
                  },
                  ALLOWANCE_GRANTED),
              0);
    EXPECT_EQ(asked_, 32 * MiB);
}
