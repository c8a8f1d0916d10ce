extern "C" {
#include "cgroup.h"
}

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace
{

/* A folder that stands for the root of the file system. */
class Cgroup : public testing::Test
{
  protected:
    void SetUp() override
    {
        char name[] = "/tmp/micropipe-cgroup-XXXXXX";
        ASSERT_NE(mkdtemp(name), nullptr);
        root_ = name;
    }

    void TearDown() override { std::filesystem::remove_all(root_); }

    void Write(const std::string &path, const std::string &text)
    {
        std::filesystem::create_directories(std::filesystem::path(root_ + path).parent_path());
        std::ofstream(root_ + path) << text;
    }

    cgroup_limits Read()
    {
        cgroup_limits limits;
        cgroup_limits_read(root_.c_str(), &limits);
        return limits;
    }

    void Unified(const std::string &group, const std::string &mount_root = "/")
    {
        Write("/proc/self/cgroup", "0::" + group + "\n");
        Write("/proc/self/mountinfo", "22 1 0:20 / / rw - ext4 /dev/vda rw\n30 22 0:27 " + mount_root +
                                          " /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n");
    }

    std::string root_;
};

TEST_F(Cgroup, WithoutOneThereIsNoLimit)
{
    cgroup_limits limits = Read();
    EXPECT_EQ(limits.memory, UINT64_MAX);
    EXPECT_EQ(limits.huge_pages, UINT64_MAX);
    EXPECT_EQ(limits.processes, UINT64_MAX);
    EXPECT_EQ(limits.cpus, 0);
}

TEST_F(Cgroup, VersionTwoIsReadFromTheOwnGroup)
{
    Unified("/app");
    Write("/sys/fs/cgroup/app/memory.max", "1073741824\n");
    Write("/sys/fs/cgroup/app/cpu.max", "150000 100000\n");
    Write("/sys/fs/cgroup/app/hugetlb.2MB.max", "4194304\n");
    Write("/sys/fs/cgroup/app/pids.max", "max\n");
    cgroup_limits limits = Read();
    EXPECT_EQ(limits.memory, 1073741824u);
    EXPECT_EQ(limits.huge_pages, 4194304u);
    EXPECT_EQ(limits.processes, UINT64_MAX);
    EXPECT_DOUBLE_EQ(limits.cpus, 1.5);
}

TEST_F(Cgroup, TheLeastOfAllGroupsAboveCounts)
{
    Unified("/a/b/c");
    Write("/sys/fs/cgroup/a/b/c/memory.max", "max\n");
    Write("/sys/fs/cgroup/a/b/memory.max", "2000000\n");
    Write("/sys/fs/cgroup/a/memory.max", "3000000\n");
    Write("/sys/fs/cgroup/a/cpu.max", "50000 100000\n");
    Write("/sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
    cgroup_limits limits = Read();
    EXPECT_EQ(limits.memory, 2000000u);
    EXPECT_DOUBLE_EQ(limits.cpus, 0.5);
}

TEST_F(Cgroup, VersionOneIsReadByController)
{
    Write("/proc/self/cgroup", "4:memory:/box\n2:cpu,cpuacct:/box\n0::/unused\n");
    Write("/proc/self/mountinfo", "31 30 0:28 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
                                  "34 30 0:31 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
                                  "40 30 0:36 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
    Write("/sys/fs/cgroup/memory/box/memory.limit_in_bytes", "536870912\n");
    Write("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    Write("/sys/fs/cgroup/cpu,cpuacct/box/cpu.cfs_quota_us", "200000\n");
    Write("/sys/fs/cgroup/cpu,cpuacct/box/cpu.cfs_period_us", "100000\n");
    Write("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n");
    Write("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
    cgroup_limits limits = Read();
    EXPECT_EQ(limits.memory, 536870912u);
    EXPECT_DOUBLE_EQ(limits.cpus, 2);
}

TEST_F(Cgroup, AContainerSeesItsPartOfTheTreeOnly)
{
    Unified("/docker/abc", "/docker/abc");
    Write("/sys/fs/cgroup/memory.max", "7000000\n");
    EXPECT_EQ(Read().memory, 7000000u);
}

TEST_F(Cgroup, GarbageSetsNoLimit)
{
    Unified("/app");
    Write("/sys/fs/cgroup/app/memory.max", "lots\n");
    Write("/sys/fs/cgroup/app/cpu.max", "garbage\n");
    Write("/sys/fs/cgroup/app/pids.max", "");
    cgroup_limits limits = Read();
    EXPECT_EQ(limits.memory, UINT64_MAX);
    EXPECT_EQ(limits.processes, UINT64_MAX);
    EXPECT_EQ(limits.cpus, 0);
}

TEST_F(Cgroup, LinesThatAreNoneAreSkipped)
{
    Unified("/app");
    Write("/proc/self/cgroup", "nonsense\n5:pids\n0::/app\n");
    Write("/proc/self/mountinfo", "nonsense\n22 1 0:20 / / rw - short\n"
                                  "30 22 0:27 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
    Write("/sys/fs/cgroup/app/memory.max", "4096\n");
    EXPECT_EQ(Read().memory, 4096u);
}

TEST_F(Cgroup, AControllerIsNotTakenForAnotherOfALongerName)
{
    Write("/proc/self/cgroup", "2:cpuset:/wrong\n3:cpu:/right\n");
    Write("/proc/self/mountinfo", "31 30 0:28 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n"
                                  "32 30 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n");
    for (const char *group : {"cpuset/wrong", "cpuset/right"})
        for (const char *file : {"cpu.cfs_quota_us", "cpu.cfs_period_us"})
            Write(std::string("/sys/fs/cgroup/") + group + "/" + file, "100000\n");
    Write("/sys/fs/cgroup/cpu/right/cpu.cfs_quota_us", "300000\n");
    Write("/sys/fs/cgroup/cpu/right/cpu.cfs_period_us", "100000\n");
    EXPECT_DOUBLE_EQ(Read().cpus, 3);
}

TEST_F(Cgroup, AQuotaWithoutAPeriodIsNoLimit)
{
    Write("/proc/self/cgroup", "3:cpu:/box\n");
    Write("/proc/self/mountinfo", "32 30 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n");
    Write("/sys/fs/cgroup/cpu/box/cpu.cfs_quota_us", "300000\n");
    EXPECT_EQ(Read().cpus, 0);
    Write("/sys/fs/cgroup/cpu/box/cpu.cfs_period_us", "0\n");
    EXPECT_EQ(Read().cpus, 0);
}

TEST_F(Cgroup, OfTheGroupsAboveTheLeastTimeCounts)
{
    Unified("/a/b");
    Write("/sys/fs/cgroup/a/b/cpu.max", "100000 100000\n");
    Write("/sys/fs/cgroup/a/cpu.max", "400000 100000\n");
    EXPECT_DOUBLE_EQ(Read().cpus, 1);
    Write("/sys/fs/cgroup/a/cpu.max", "50000 100000\n");
    EXPECT_DOUBLE_EQ(Read().cpus, 0.5);
}

TEST_F(Cgroup, NegativeIsNoLimit)
{
    Unified("/app");
    Write("/sys/fs/cgroup/app/memory.max", "-1\n");
    EXPECT_EQ(Read().memory, UINT64_MAX);
}

TEST_F(Cgroup, WithoutAMountThereIsNoLimit)
{
    Unified("/app");
    Write("/sys/fs/cgroup/app/memory.max", "4096\n");
    Write("/proc/self/mountinfo", "22 1 0:20 / / rw - ext4 /dev/vda rw\n");
    EXPECT_EQ(Read().memory, UINT64_MAX);
}

TEST_F(Cgroup, AMountOfAnotherPartOfTheTreeShowsItsOwnLimit)
{
    Unified("/docker/abc", "/elsewhere");
    Write("/sys/fs/cgroup/memory.max", "5000\n");
    EXPECT_EQ(Read().memory, 5000u);
}

TEST_F(Cgroup, WhatIsLeftOfMemoryIsTheLeastOfAllGroupsAndCachedFilesCanBeDropped)
{
    Unified("/outer/inner");
    Write("/sys/fs/cgroup/outer/memory.max", "1000000\n");
    Write("/sys/fs/cgroup/outer/memory.current", "700000\n");
    Write("/sys/fs/cgroup/outer/memory.stat", "anon 600000\ninactive_file 50000\nactive_file 10\n");
    EXPECT_EQ(cgroup_memory_left(root_.c_str()), 350000u);
    Write("/sys/fs/cgroup/outer/inner/memory.max", "500000\n");
    Write("/sys/fs/cgroup/outer/inner/memory.current", "400000\n");
    EXPECT_EQ(cgroup_memory_left(root_.c_str()), 100000u);
    Write("/sys/fs/cgroup/outer/inner/memory.current", "600000\n");
    EXPECT_EQ(cgroup_memory_left(root_.c_str()), 0u) << "less than nothing is nothing";
}

TEST_F(Cgroup, WithoutALimitOfMemoryNothingSaysWhatIsLeft)
{
    EXPECT_EQ(cgroup_memory_left(root_.c_str()), UINT64_MAX);
    Unified("/outer");
    Write("/sys/fs/cgroup/outer/memory.max", "max\n");
    Write("/sys/fs/cgroup/outer/memory.current", "700000\n");
    EXPECT_EQ(cgroup_memory_left(root_.c_str()), UINT64_MAX);
}

} // namespace
