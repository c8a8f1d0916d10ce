// One number of a file that has a line for each.
extern "C" {
#include "kernel_figure.h"
}

#include <gtest/gtest.h>
#include <unistd.h>

TEST(KernelFigure, IsTheNumberBehindTheWholeKey)
{
    uint64_t n = 0;
    EXPECT_TRUE(kernel_figure_in("MemAvailable:   20512 kB\n", "MemAvailable", &n));
    EXPECT_EQ(n, 20512u);
    EXPECT_TRUE(kernel_figure_in("oom_kill 7\n", "oom_kill", &n));
    EXPECT_EQ(n, 7u);
    EXPECT_TRUE(kernel_figure_in("TracerPid:\t42\n", "TracerPid", &n));
    EXPECT_EQ(n, 42u);
    EXPECT_FALSE(kernel_figure_in("MemAvailableToo: 1 kB\n", "MemAvailable", &n));
    EXPECT_FALSE(kernel_figure_in("Mem", "MemAvailable", &n));
    EXPECT_FALSE(kernel_figure_in("", "MemAvailable", &n));
    EXPECT_EQ(n, 42u) << "a line of another key leaves it as it was";
}

TEST(KernelFigure, OfAFileIsTheFirstOfItsKeyOrWhatIsSaidOtherwise)
{
    EXPECT_EQ(kernel_figure("/proc/self/status", "Tgid", 0), static_cast<uint64_t>(getpid()));
    EXPECT_EQ(kernel_figure("/proc/self/status", "NoSuchKey", 3), 3u);
    EXPECT_EQ(kernel_figure("/proc/self/no/such/file", "Tgid", 4), 4u);
}
