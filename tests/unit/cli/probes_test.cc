// What the doctor says of limits: of this process, and of its control groups.
extern "C" {
#include "cgroup.h"
#include "doctor_probes.h"
}

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>

namespace
{

using testing::HasSubstr;
using testing::StartsWith;

constexpr cgroup_limits kUnlimited = {UINT64_MAX, UINT64_MAX, UINT64_MAX, 0};

// What the control groups are said to set.
cgroup_limits groups = kUnlimited;

// What the limits of this process are said to be, if any.
const rlimit *limits;

class Probes : public testing::Test
{
  protected:
    void SetUp() override { Reset(); }
    void TearDown() override { Reset(); }

    static finding Found(void (*probe)(finding *f))
    {
        finding f = {};
        f.name = "it";
        probe(&f);
        return f;
    }

    static finding FoundAt(rlimit r, void (*probe)(finding *f))
    {
        limits = &r;
        finding f = Found(probe);
        limits = nullptr;
        return f;
    }

  private:
    static void Reset()
    {
        groups = kUnlimited;
        limits = nullptr;
    }
};

} // namespace

extern "C" {
void __wrap_cgroup_limits_read(const char *root, cgroup_limits *out);
int __real_getrlimit(__rlimit_resource_t resource, rlimit *r);
int __wrap_getrlimit(__rlimit_resource_t resource, rlimit *r);

void __wrap_cgroup_limits_read(const char *, cgroup_limits *out)
{
    *out = groups;
}

int __wrap_getrlimit(__rlimit_resource_t resource, rlimit *r)
{
    if (!limits)
        return __real_getrlimit(resource, r);
    *r = *limits;
    return 0;
}
}

TEST_F(Probes, FewOpenFilesAreAWarningWithTheCommandThatRaisesThem)
{
    finding f = FoundAt({256, 4096}, probe_open_files);
    EXPECT_EQ(f.verdict, VERDICT_WARN);
    EXPECT_STREQ(f.found, "256, can be raised to 4096");
    EXPECT_STREQ(f.fix, "ulimit -n 1024");
}

TEST_F(Probes, EnoughOpenFilesAreNone)
{
    finding f = FoundAt({1024, RLIM_INFINITY}, probe_open_files);
    EXPECT_EQ(f.verdict, VERDICT_OK);
    EXPECT_STREQ(f.found, "1024, can be raised to unlimited");
    EXPECT_STREQ(f.fix, "");
}

TEST_F(Probes, FewProcessesAreAWarning)
{
    finding f = FoundAt({511, 511}, probe_processes);
    EXPECT_EQ(f.verdict, VERDICT_WARN);
    EXPECT_STREQ(f.found, "511") << "it cannot be raised";
    EXPECT_STREQ(f.fix, "ulimit -u 512");
}

TEST_F(Probes, AStackThatIsTooSmallIsMissing)
{
    finding f = FoundAt({64 << 10, 64 << 10}, probe_stack);
    EXPECT_EQ(f.verdict, VERDICT_MISSING);
    EXPECT_STREQ(f.found, "64 KiB");
    EXPECT_STREQ(f.fix, "ulimit -s 512");
    f = FoundAt({512 << 10, RLIM_INFINITY}, probe_stack);
    EXPECT_EQ(f.verdict, VERDICT_OK);
    EXPECT_STREQ(f.found, "512 KiB");
}

TEST_F(Probes, ALimitThatIsNoneIsCalledUnlimitedOnce)
{
    finding f = FoundAt({RLIM_INFINITY, RLIM_INFINITY}, probe_processes);
    EXPECT_EQ(f.verdict, VERDICT_OK);
    EXPECT_STREQ(f.found, "unlimited");
}

TEST_F(Probes, FewProcessesInTheControlGroupAreAWarningThatNoUlimitHelps)
{
    groups.processes = 100;
    finding f = FoundAt({RLIM_INFINITY, RLIM_INFINITY}, probe_processes);
    EXPECT_EQ(f.verdict, VERDICT_WARN);
    EXPECT_STREQ(f.found, "100 in this control group");
    EXPECT_THAT(f.meaning, HasSubstr("pids.max"));
    EXPECT_STREQ(f.fix, "");
}

TEST_F(Probes, LockedMemoryIsToldInKibibytesUnlessItIsUnlimited)
{
    EXPECT_STREQ(FoundAt({8192, 8192}, probe_locked_memory).found, "8 KiB; nothing needs it");
    EXPECT_STREQ(FoundAt({RLIM_INFINITY, 0}, probe_locked_memory).found, "unlimited; nothing needs it");
}

TEST_F(Probes, OneProcessorIsAWarning)
{
    cpu_set_t all, one;
    ASSERT_EQ(sched_getaffinity(0, sizeof all, &all), 0);
    CPU_ZERO(&one);
    for (int cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&one) == 0; cpu++)
        if (CPU_ISSET(cpu, &all))
            CPU_SET(cpu, &one);
    ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
    finding f = Found(probe_processors);
    sched_setaffinity(0, sizeof all, &all);
    EXPECT_EQ(f.verdict, VERDICT_WARN);
    EXPECT_THAT(f.found, StartsWith("1 of "));
}

TEST_F(Probes, TimeForLessThanTwoProcessorsIsAWarning)
{
    groups.cpus = 0.5;
    finding f = Found(probe_processors);
    EXPECT_EQ(f.verdict, VERDICT_WARN);
    EXPECT_THAT(f.found, HasSubstr("for 0.5 processors' worth of time"));
}

TEST_F(Probes, TimeForMoreProcessorsThanThereAreIsNoLimit)
{
    groups.cpus = 5000;
    EXPECT_THAT(Found(probe_processors).found, testing::Not(HasSubstr("worth of time")));
}

TEST_F(Probes, EachLimitOfTheControlGroupsIsTold)
{
    EXPECT_STREQ(Found(probe_cgroup).found, "no limit");
    groups.memory = UINT64_C(512) << 20;
    EXPECT_STREQ(Found(probe_cgroup).found, "memory 512 MiB");
    groups.huge_pages = UINT64_C(64) << 20;
    groups.cpus = 1.5;
    groups.processes = 40;
    EXPECT_STREQ(Found(probe_cgroup).found, "memory 512 MiB, huge pages 64 MiB, processors 1.5, processes 40");
    groups = kUnlimited;
    groups.processes = 40;
    EXPECT_STREQ(Found(probe_cgroup).found, "processes 40");
    groups = kUnlimited;
    groups.cpus = 2;
    EXPECT_STREQ(Found(probe_cgroup).found, "processors 2");
}
