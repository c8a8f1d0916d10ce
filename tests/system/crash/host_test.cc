// What is left of a pipeline whose host is killed: nothing.
#include "running.h"

#include <csignal>
#include <fstream>
#include <gtest/gtest.h>
#include <thread>

using namespace crash;
using namespace std::chrono_literals;

namespace
{

// A line of /proc/meminfo, KiB or pages.
long meminfo(const std::string &key)
{
    std::ifstream in("/proc/meminfo");
    for (std::string line; std::getline(in, line);)
        if (line.rfind(key + ":", 0) == 0)
            return std::stol(line.substr(key.size() + 1));
    return -1;
}

bool all_gone(const std::vector<Process> &processes)
{
    for (const auto &p : processes) {
        std::ifstream stat("/proc/" + std::to_string(p.pid) + "/stat");
        std::string id, name, state;
        if (stat >> id >> name >> state && state != "Z")
            return false;
    }
    return true;
}

bool within_a_second(const std::function<bool()> &condition)
{
    auto end = std::chrono::steady_clock::now() + 1s;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end)
            return condition();
        std::this_thread::sleep_for(5ms);
    }
    return true;
}

} // namespace

TEST(HostKilled, NoProcessAndNoPageIsLeftFiftyTimes)
{
    long pages = meminfo("HugePages_Free");
    long shared = meminfo("Shmem");
    std::mt19937 random(3);
    for (int i = 0; i < 50; i++) {
        Folder folder;
        Running run(folder,
                    {"-e", "core.generate count=0 size=64 | lab.copy :workers=2 | core.null", "--set", "memory=32M"});
        ASSERT_TRUE(run.wait_until([&] { return run.workers().size() >= 4; }));
        std::this_thread::sleep_for(std::chrono::milliseconds(random() % 20));
        auto left = run.descendants();
        ASSERT_GE(left.size(), 7u);
        kill(run.pid(), SIGKILL);
        run.finish();
        EXPECT_TRUE(within_a_second([&] { return all_gone(left); })) << "round " << i;
    }
    EXPECT_EQ(meminfo("HugePages_Free"), pages);
    // Others on the machine use shared memory too; fifty arenas of 32 MiB would show.
    EXPECT_TRUE(within_a_second([&] { return meminfo("Shmem") < shared + 32 * 1024; }))
        << "Shmem was " << shared << " KiB, and is " << meminfo("Shmem") << " KiB";
}
