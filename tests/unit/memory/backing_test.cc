extern "C" {
#include "backing.h"
}

#include <sys/resource.h>

#include <dirent.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>

#include "child.h"

namespace
{

constexpr uint64_t MIB = 1 << 20;

uint64_t FreePages()
{
    std::ifstream file("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages");
    uint64_t pages = 0;
    file >> pages;
    return pages;
}

// A number of smaps in KiB, of the mapping that starts at base.
uint64_t Smaps(const void *base, const std::string &name)
{
    std::ifstream file("/proc/self/smaps");
    std::ostringstream start;
    start << std::hex << reinterpret_cast<uintptr_t>(base) << "-";
    bool inside = false;
    for (std::string line; std::getline(file, line);) {
        if (line.compare(0, start.str().size(), start.str()) == 0)
            inside = true;
        else if (inside && line.compare(0, name.size() + 1, name + ":") == 0)
            return std::stoull(line.substr(name.size() + 1));
    }
    return 0;
}

int OpenDescriptors()
{
    int n = 0;
    DIR *folder = opendir("/proc/self/fd");
    while (readdir(folder))
        n++;
    closedir(folder);
    return n;
}

class Backing : public testing::Test
{
  protected:
    ~Backing() override { backing_destroy(&b_); }

    void Make(uint64_t size, backing_want want)
    {
        ASSERT_EQ(backing_create(&b_, size, want), 0) << b_.report;
        ASSERT_EQ(backing_fill(&b_), 0) << b_.report;
    }

    backing b_ = {};
};

TEST_F(Backing, IsWholeHugePagesAndStartsOnOne)
{
    Make(3 * MIB, BACKING_NO_HUGE);
    EXPECT_EQ(b_.size, 4 * MIB);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(b_.base) % HUGE_PAGE_SIZE, 0u);
}

TEST_F(Backing, IsZeroAndSharedWithAForkedChild)
{
    Make(2 * MIB, BACKING_TRY_HUGE);
    for (uint64_t i = 0; i < b_.size; i += 4096)
        ASSERT_EQ(b_.base[i], 0);
    Child child([this] {
        b_.base[b_.size - 1] = 42;
        return 0;
    });
    EXPECT_EQ(child.Wait(), 0);
    EXPECT_EQ(b_.base[b_.size - 1], 42);
}

TEST_F(Backing, ExistsWholeBeforeItIsUsed)
{
    Make(4 * MIB, BACKING_NO_HUGE);
    EXPECT_EQ(Smaps(b_.base, "Rss"), 4 * MIB / 1024);
}

TEST_F(Backing, LeavesNoDescriptorOpen)
{
    int before = OpenDescriptors();
    Make(2 * MIB, BACKING_TRY_HUGE);
    EXPECT_EQ(b_.fd, -1);
    EXPECT_EQ(OpenDescriptors(), before);
}

TEST_F(Backing, HasGuardsOnBothSides)
{
    Make(2 * MIB, BACKING_NO_HUGE);
    for (int64_t outside : {int64_t{-1}, static_cast<int64_t>(b_.size)}) {
        Child child([this, outside] {
            signal(SIGSEGV, SIG_DFL); // a sanitizer would report it
            b_.base[outside] = 1;
            return 0;
        });
        EXPECT_EQ(child.Wait(), -SIGSEGV);
    }
}

TEST_F(Backing, SaysThatSmallPagesWereAskedFor)
{
    Make(4 * MIB, BACKING_NO_HUGE);
    EXPECT_EQ(b_.kind, BACKING_SMALL);
    EXPECT_STREQ(b_.report, "memory 4 MiB: 4 KiB pages, as huge_pages = \"off\" asks");
}

TEST_F(Backing, WithoutAPoolRunsOnWhatThereIsAndNamesTheFix)
{
    if (FreePages() >= 2)
        GTEST_SKIP() << "the pool of huge pages is not empty";
    Make(4 * MIB, BACKING_TRY_HUGE);
    EXPECT_NE(b_.kind, BACKING_HUGETLB);
    EXPECT_EQ(b_.huge_percent, Smaps(b_.base, "ShmemPmdMapped") * 100 / (4 * MIB / 1024)) << "what smaps says";
    EXPECT_EQ(b_.kind == BACKING_TRANSPARENT, b_.huge_percent >= 50);
    EXPECT_NE(strstr(b_.report, b_.kind == BACKING_TRANSPARENT ? "got transparent huge pages" : "got 4 KiB pages"),
              nullptr)
        << b_.report;
    EXPECT_NE(strstr(b_.report, "sysctl -w vm.nr_hugepages=2"), nullptr) << b_.report;
}

TEST_F(Backing, WithoutAPoolRefusesToStartIfHugePagesAreRequired)
{
    if (FreePages() >= 2)
        GTEST_SKIP() << "the pool of huge pages is not empty";
    int descriptors = OpenDescriptors();
    EXPECT_LT(backing_create(&b_, 4 * MIB, BACKING_REQUIRE_HUGE), 0);
    EXPECT_EQ(b_.base, nullptr);
    EXPECT_NE(strstr(b_.report, "huge_pages = \"require\""), nullptr) << b_.report;
    EXPECT_NE(strstr(b_.report, "sysctl -w vm.nr_hugepages=2"), nullptr) << b_.report;
    EXPECT_EQ(OpenDescriptors(), descriptors);
}

TEST_F(Backing, WithAPoolIsHugetlb)
{
    if (FreePages() < 2)
        GTEST_SKIP() << "needs 2 free huge pages: sysctl -w vm.nr_hugepages=2";
    uint64_t free_before = FreePages();
    Make(4 * MIB, BACKING_REQUIRE_HUGE);
    EXPECT_EQ(b_.kind, BACKING_HUGETLB);
    EXPECT_EQ(Smaps(b_.base, "Shared_Hugetlb") + Smaps(b_.base, "Private_Hugetlb"), 4 * MIB / 1024);
    backing_destroy(&b_);
    EXPECT_EQ(FreePages(), free_before);
}

TEST_F(Backing, APoolThatIsTooSmallIsLeftAsItWas)
{
    uint64_t pages = FreePages();
    if (pages == 0 || pages > 64)
        GTEST_SKIP() << "needs a pool of 1 to 64 free huge pages";
    Make((pages + 1) * 2 * MIB, BACKING_TRY_HUGE);
    EXPECT_NE(b_.kind, BACKING_HUGETLB);
    EXPECT_EQ(FreePages(), pages);
}

// In a child: a limit stays for good.
int CreateUnder(int resource, uint64_t bytes, std::string *report)
{
    int pipe_ends[2];
    if (pipe(pipe_ends) != 0)
        return -1;
    Child child([&] {
        struct rlimit limit = {bytes, bytes};
        backing b;
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(static_cast<__rlimit_resource>(resource), &limit);
        int error = backing_create(&b, 64 * MIB, BACKING_NO_HUGE);
        if (write(pipe_ends[1], b.report, strlen(b.report)) < 0 || b.fd != -1)
            return 1;
        return -error;
    });
    int code = child.Wait();
    char text[400];
    close(pipe_ends[1]);
    ssize_t n = read(pipe_ends[0], text, sizeof text);
    close(pipe_ends[0]);
    report->assign(text, n > 0 ? static_cast<size_t>(n) : 0);
    return code;
}

TEST_F(Backing, BeyondTheLimitOfAFilesSizeIsAnErrorThatSaysWhatToDo)
{
    std::string report;
    EXPECT_EQ(CreateUnder(RLIMIT_FSIZE, 1 * MIB, &report), EFBIG);
    EXPECT_EQ(report, "memory 64 MiB: cannot be mapped: File too large; lower 'memory'");
}

TEST_F(Backing, DestroyOfOneThatWasNeverMadeDoesNothing)
{
    backing_destroy(&b_);
    EXPECT_EQ(b_.base, nullptr);
}

} // namespace
