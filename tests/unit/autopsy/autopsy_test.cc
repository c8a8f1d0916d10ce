// A crash, from the signal to the names.
extern "C" {
#include "autopsy.h"
#include "crash.h"
#include "evidence.h"
}

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <gtest/gtest.h>
#include <memory>
#include <poll.h>
#include <random>
#include <string>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../support/temp_folder.h"

namespace
{

enum { FIRST = 1, PATIENCE_MS = 60000 };

using Found = std::unique_ptr<report, void (*)(void *)>;

__attribute__((noinline, no_sanitize("undefined", "address"))) void WriteToNowhere()
{
    *reinterpret_cast<volatile int *>(0x10) = 1;
}

// Of a child process that calls WriteToNowhere().
std::unique_ptr<crash_area, void (*)(void *)> OfACrash()
{
    void *memory = mmap(nullptr, CRASH_AREA_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    auto *area = static_cast<crash_area *>(memory);
    pid_t pid = fork();
    if (pid == 0) {
        for (const int *at = crash_signals; *at; at++)
            signal(*at, SIG_DFL); // a sanitizer's
        static const session nothing = {};
        crash_watch(area, &nothing, FIRST);
        WriteToNowhere();
        _exit(0);
    }
    waitpid(pid, nullptr, 0);
    std::unique_ptr<crash_area, void (*)(void *)> e(evidence_take(area, FIRST, 0), free);
    munmap(memory, CRASH_AREA_SIZE);
    return e;
}

// What an autopsy finds out; false: it did not end by itself.
bool Examine(const crash_area *evidence, Found *found)
{
    const segment nothing = {};
    autopsy a = {};
    if (autopsy_start(&a, evidence, &nothing) != 0)
        return false;
    pollfd p = {a.fd, POLLIN, 0};
    bool over = false;
    while (!over && poll(&p, 1, PATIENCE_MS) == 1)
        over = autopsy_hear(&a) != 0;
    found->reset(autopsy_end(&a));
    return over;
}

} // namespace

TEST(Autopsy, NamesFunctionFileAndLine)
{
    auto e = OfACrash();
    ASSERT_TRUE(e);
    Found found(nullptr, free);
    ASSERT_TRUE(Examine(e.get(), &found));
    ASSERT_TRUE(found);
    const report_frame *f = report_culprit(found.get(), "autopsy_test");
    ASSERT_NE(f, nullptr);
    EXPECT_STREQ(f->function, "(anonymous namespace)::WriteToNowhere()");
    EXPECT_NE(std::string(f->file).find("autopsy_test.cc"), std::string::npos) << f->file;
    EXPECT_GT(f->line, 0u);
}

TEST(Autopsy, OfGarbageEndsAndHarmsNobody)
{
    std::mt19937 dice(1);
    auto whole = OfACrash();
    ASSERT_TRUE(whole);
    for (int round = 0; round < 20; round++) {
        crash_area e = *whole;
        for (uint64_t &r : e.registers)
            r ^= round % 2 ? dice() : 0;
        for (uint8_t &byte : e.stack)
            byte = static_cast<uint8_t>(dice());
        for (int i = 0; i < round * 20; i++)
            e.modules[dice() % e.modules_size] = static_cast<char>('!' + dice() % 90);
        e.pc = round % 3 ? e.pc : (uint64_t{dice()} << 32 | dice());
        Found found(nullptr, free);
        EXPECT_TRUE(Examine(&e, &found)) << round;
        EXPECT_TRUE(!found || found->n <= REPORT_FRAMES_MAX);
    }
}

TEST(Autopsy, DoesNotWaitForAFileThatIsNone)
{
    harness::TempFolder folder;
    const std::string fifo = folder / "fifo";
    ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
    auto e = OfACrash();
    ASSERT_TRUE(e);
    snprintf(e->modules, sizeof e->modules, "%llx-%llx r-xp 00000000 08:01 1 %s\n",
             static_cast<unsigned long long>(e->pc & ~0xfffull), static_cast<unsigned long long>((e->pc | 0xfff) + 1),
             fifo.c_str());
    e->modules_size = static_cast<uint32_t>(strlen(e->modules));
    Found found(nullptr, free);
    EXPECT_TRUE(Examine(e.get(), &found));
}

TEST(Autopsy, ThatIsEndedBeforeItIsDoneLeavesNoProcess)
{
    auto e = OfACrash();
    ASSERT_TRUE(e);
    const segment nothing = {};
    autopsy a = {};
    ASSERT_EQ(autopsy_start(&a, e.get(), &nothing), 0);
    pid_t pid = a.pid;
    Found found(autopsy_end(&a), free);
    EXPECT_EQ(kill(pid, 0), -1);
    EXPECT_EQ(a.pid, 0);
    EXPECT_EQ(a.fd, -1);
}
