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

    // A child with 8 MiB does its work; each request is answered so. Its exit code.
    int Child(const std::function<int()> &work, allowance_answer answer)
    {
        pid_t child = fork();
        if (child == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            allowance_limit(data_of(getpid()) + 8 * MiB);
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
            if (answer == ALLOWANCE_GRANTED)
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

TEST_F(Allocation, WhatFitsIsNotAskedFor)
{
    EXPECT_EQ(Child([] { return take(malloc, 4 * MiB); }, ALLOWANCE_REFUSED), 0);
    EXPECT_EQ(asked_, 0u);
}

TEST_F(Allocation, WhatDoesNotFitIsAskedForAndTheCallerHearsNothingOfIt)
{
    EXPECT_EQ(Child([] { return take(malloc, 32 * MiB); }, ALLOWANCE_GRANTED), 0);
    EXPECT_EQ(asked_, 32 * MiB);
}

TEST_F(Allocation, EachWayToAllocateAsks)
{
    static void *(*const ways[])(size_t) = {
        [](size_t n) { return calloc(n / 16, 16); },
        [](size_t n) { return realloc(malloc(16), n); },
        [](size_t n) { return reallocarray(nullptr, n / 16, 16); },
        [](size_t n) { return aligned_alloc(4096, n); },
        [](size_t n) {
            void *p = nullptr;
            return posix_memalign(&p, 4096, n) == 0 ? p : nullptr;
        },
        [](size_t n) { return operator new(n, std::nothrow); },
        [](size_t n) {
            void *p = mmap(nullptr, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            return p == MAP_FAILED ? nullptr : p;
        },
        [](size_t n) -> void * {
            pthread_attr_t attributes;
            pthread_t thread;
            pthread_attr_init(&attributes);
            pthread_attr_setstacksize(&attributes, n);
            auto run = [](void *) -> void * { return malloc(n_taken); };
            void *p = nullptr;
            return pthread_create(&thread, &attributes, run, nullptr) == 0 && pthread_join(thread, &p) == 0 ? p
                                                                                                            : nullptr;
        },
    };
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        asked_ = 0;
        EXPECT_EQ(Child([i] { return take(ways[i], 32 * MiB); }, ALLOWANCE_GRANTED), 0) << i;
        EXPECT_GE(asked_, 32 * MiB) << i;
    }
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

TEST_F(Allocation, ANonsensicalSizeIsNotAskedForWhereTheProductOverflows)
{
    volatile size_t huge = SIZE_MAX / 2;
    EXPECT_EQ(Child([&] { return calloc(huge, 8) == nullptr ? 0 : 1; }, ALLOWANCE_GRANTED), 0);
    EXPECT_EQ(asked_, 0u);
}
