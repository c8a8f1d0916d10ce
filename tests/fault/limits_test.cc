// Limits as a machine really has them: descriptors, processes, address space, size of a file, a full disk, an empty
// pool of huge pages.
#include <gtest/gtest.h>

#include <cerrno>
#include <cstring>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include "scene.h"

namespace
{

using fault::Outcome;
using fault::Plan;
using fault::Scene;

Plan limited(int resource, long limit)
{
    Plan plan;
    plan.limits = {resource, limit};
    plan.calls = {-1}; /* none */
    return plan;
}

TEST(Limits, OfDescriptorsEndARunOrDoNotMatter)
{
    int done = 0;
    for (long limit = 5; limit <= 24; limit++) {
        Scene scene;
        const Outcome o = run_trial(scene.path(), {"run", "p.cfg", "--quiet"}, limited(RLIMIT_NOFILE, limit));
        EXPECT_EQ(scene.wrong_with_run(o, true), "") << limit << " descriptors: " << describe(o);
        done += o.exit_code == 3;
    }
    EXPECT_GT(done, 0);
    EXPECT_LT(done, 20);
}

// A user of its own, as the limit is one for all processes of a user. With one process the host is alone, with few the
// scanners or the servers cannot be forked, then the workers.
TEST(Limits, OfProcessesEndARunOrDoNotMatter)
{
    constexpr uid_t kUser = 61234;
    std::vector<int> exits;
    for (long limit : {1, 2, 4, 6, 12}) {
        Scene scene;
        Plan plan = limited(RLIMIT_NPROC, limit);
        plan.user = kUser;
        if (geteuid() != 0 || chown(scene.path().c_str(), kUser, static_cast<gid_t>(-1)) != 0)
            GTEST_SKIP() << "to run as another user needs root";
        const Outcome o = run_trial(scene.path(), {"run", "p.cfg", "--quiet"}, plan);
        if (o.not_started())
            GTEST_SKIP() << "user " << kUser << " cannot start the program where it was built";
        EXPECT_EQ(scene.wrong_with_run(o, true), "") << limit << " processes: " << describe(o);
        EXPECT_TRUE(o.exit_code == 3 || o.errors.find("Resource temporarily unavailable") != std::string::npos)
            << limit << " processes: " << describe(o);
        exits.push_back(o.exit_code);
    }
    EXPECT_NE(exits.front(), 3);
    EXPECT_EQ(exits.back(), 3);
}

// libconfig crashes for want of memory, so the host makes sure that there is enough before it calls it.
TEST(Limits, OfAddressSpaceDoNotCrashTheReaderOfAConfiguration)
{
    constexpr long kStep = 64 << 10;
    Scene scene;
    std::string text = "x = ( ";
    for (int i = 0; i < 3000; i++)
        text += "{ a = ( 1, \"b\" ); }, ";
    scene.folder().file("large.cfg", text + "{ } );\n");
    long limit = 4 << 20;
    while (run_trial(scene.path(), {"--version"}, limited(RLIMIT_AS, limit)).exit_code != 0)
        ASSERT_LT(limit += 256 << 10, 1 << 30);
    int failed = 0;
    for (int exit_code = 1; exit_code != 2; limit += kStep) {
        const Outcome o = run_trial(scene.path(), {"check", "large.cfg"}, limited(RLIMIT_AS, limit));
        ASSERT_EQ(fault::wrong_with_any(o), "") << (limit >> 10) << " KiB: " << describe(o);
        ASSERT_TRUE(o.exit_code == 1 || o.exit_code == 2) << (limit >> 10) << " KiB: " << describe(o);
        exit_code = o.exit_code;
        failed += exit_code == 1;
    }
    EXPECT_GT(failed, 5);
}

TEST(Limits, OfTheSizeOfAFileAreSaidInTheWordsOfTheSystem)
{
    Scene scene;
    const Outcome o = run_trial(scene.path(), {"run", "p.cfg", "--quiet"}, limited(RLIMIT_FSIZE, 1 << 20));
    EXPECT_EQ(scene.wrong_with_run(o, false), "") << describe(o);
    EXPECT_NE(o.errors.find("File too large"), std::string::npos) << describe(o);
}

TEST(Limits, OfThePoolOfHugePagesAreSaidWithTheCommandThatRaisesThem)
{
    Scene scene;
    const Outcome o =
        run_trial(scene.path(), {"run", "p.cfg", "--quiet", "--set", "huge_pages=require", "--set", "memory=1T"},
                  limited(RLIMIT_CORE, 0));
    EXPECT_EQ(scene.wrong_with_run(o, false), "") << describe(o);
    EXPECT_EQ(o.exit_code, 1);
    EXPECT_NE(o.errors.find("sysctl -w vm.nr_hugepages=524288"), std::string::npos) << describe(o);
}

// A disk of 64 KiB, or a skipped test.
class Disk
{
  public:
    explicit Disk(const std::string &path) : path_(path)
    {
        mkdir(path.c_str(), 0755);
        mounted_ = mount("tmpfs", path.c_str(), "tmpfs", 0, "size=64k") == 0;
    }
    ~Disk()
    {
        if (mounted_)
            umount2(path_.c_str(), MNT_DETACH);
    }
    Disk(const Disk &) = delete;
    Disk &operator=(const Disk &) = delete;
    bool mounted() const { return mounted_; }

  private:
    std::string path_;
    bool mounted_ = false;
};

TEST(Limits, OfADiskForOutputEndTheRunWithTheReason)
{
    Scene scene;
    Disk disk(scene.folder() / "disk");
    if (!disk.mounted())
        GTEST_SKIP() << "a full disk needs the right to mount: " << strerror(errno);
    const Outcome o = run_trial(
        scene.path(), {"run", "--quiet", "-e", "core.generate count=5000 size=64 | text.write path=disk/out.txt"},
        limited(RLIMIT_CORE, 0));
    EXPECT_EQ(fault::wrong_with_any(o), "") << describe(o);
    EXPECT_EQ(o.exit_code, 1) << describe(o);
    EXPECT_NE(o.errors.find("No space left on device"), std::string::npos) << describe(o);
}

TEST(Limits, OfADiskForDeadLettersEndTheRunWithTheReasonAndNoHalfFile)
{
    Scene scene;
    Disk disk(scene.folder() / "disk");
    if (!disk.mounted())
        GTEST_SKIP() << "a full disk needs the right to mount: " << strerror(errno);
    const Outcome o = run_trial(scene.path(),
                                {"run", "--quiet", "--set", "dead_letters=disk/dead", "-e",
                                 "core.generate count=100 size=4096 | debug.fail | core.null"},
                                limited(RLIMIT_CORE, 0));
    EXPECT_EQ(fault::wrong_with_any(o), "") << describe(o);
    EXPECT_EQ(o.exit_code, 1) << describe(o);
    EXPECT_NE(o.errors.find("cannot write a dead letter into 'disk/dead': No space left on device"), std::string::npos)
        << describe(o);
    for (const auto &entry : std::filesystem::directory_iterator(scene.folder() / "disk/dead"))
        EXPECT_NE(entry.path().filename().string()[0], '.') << entry.path();
}

} // namespace
