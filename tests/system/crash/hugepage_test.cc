// Huge pages: what is asked, what is got, and what is said of it. The pool is the machine's: only root can change it.
#include "running.h"

#include <csignal>
#include <fstream>
#include <gtest/gtest.h>
#include <unistd.h>

using namespace crash;

namespace
{

const char *const pool = "/proc/sys/vm/nr_hugepages";

// Sets the size of the pool for a test, if that is allowed, and puts it back.
class Pool
{
  public:
    explicit Pool(int pages) : before_(std::stoi("0" + read_file(pool))) { got_ = set(pages) == pages; }
    ~Pool() { set(before_); }
    bool got() const { return got_; }

  private:
    static int set(int pages)
    {
        write_file(pool, std::to_string(pages) + "\n");
        return std::stoi("0" + read_file(pool));
    }
    int before_;
    bool got_;
};

const char *const idle_line = "core.generate count=0 size=64 | core.null";

std::string smaps_of_a_worker(Running &run)
{
    std::vector<Process> workers;
    if (!run.wait_until([&] { return (workers = run.workers()).size() >= 2; }))
        return "";
    return read_file("/proc/" + std::to_string(workers[0].pid) + "/smaps");
}

} // namespace

TEST(HugePages, ALargeEnoughPoolBacksTheArena)
{
    Pool pages(20);
    if (!pages.got())
        GTEST_SKIP() << "the pool cannot be set here";
    Folder folder;
    Running run(folder, {"-e", idle_line, "--set", "memory=32M", "--set", "huge_pages=require"});
    EXPECT_NE(smaps_of_a_worker(run).find("KernelPageSize:     2048 kB"), std::string::npos);
    kill(run.pid(), SIGTERM);
    EXPECT_EQ(run.finish().exit_code, 0);
}

TEST(HugePages, AShortPoolRunsOnWhatThereIsAndSaysHowToFixIt)
{
    Pool pages(3);
    if (!pages.got())
        GTEST_SKIP() << "the pool cannot be set here";
    Folder folder;
    Running run(folder,
                {"-e", "core.generate count=1000 size=64 | core.null", "--set", "memory=32M", "--log-level", "info"});
    Result result = run.finish();
    EXPECT_EQ(result.exit_code, 0) << result.errors;
    EXPECT_NE(result.output.find("fix: sysctl -w vm.nr_hugepages=16"), std::string::npos) << result.output;
}

TEST(HugePages, RequireRefusesAnEmptyPoolWithItsOwnMessage)
{
    Pool pages(0);
    if (read_file(pool) != "0\n")
        GTEST_SKIP() << "the pool is not empty, and cannot be emptied here";
    Folder folder;
    Running run(folder, {"-e", idle_line, "--set", "huge_pages=require"});
    Result result = run.finish();
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_NE(result.reason.find("huge_pages = \"require\""), std::string::npos) << result.reason;
    EXPECT_NE(result.reason.find("sysctl -w vm.nr_hugepages="), std::string::npos) << result.reason;
}

TEST(HugePages, OffTakesSmallPages)
{
    Folder folder;
    Running run(folder, {"-e", "core.generate count=1000 size=64 | core.null", "--set", "huge_pages=off"});
    Result result = run.finish();
    EXPECT_EQ(result.exit_code, 0) << result.errors;
    EXPECT_NE(result.output.find("4 KiB pages, as huge_pages"), std::string::npos) << result.output;
}
