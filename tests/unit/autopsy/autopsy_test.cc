// A crash, from the signal to the names.
#include "dying.h"

#include <cerrno>
#include <cstring>
#include <dlfcn.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <random>
#include <string>
#include <sys/resource.h>
#include <sys/stat.h>
#include <vector>

#include "../../support/temp_folder.h"

using dying::Examine;
using dying::Found;

namespace
{

enum Refused { NOTHING, FORK, CALLOC, DLOPEN };

Refused refused = NOTHING;

// While it lives, calls of that kind fail.
class Refusing
{
  public:
    explicit Refusing(Refused what) { refused = what; }
    ~Refusing() { refused = NOTHING; }
    Refusing(const Refusing &) = delete;
    Refusing &operator=(const Refusing &) = delete;
};

__attribute__((noinline, no_sanitize("undefined", "address"))) void WriteToNowhere()
{
    volatile uintptr_t nowhere = 0x10; // volatile: the compiler is not to know it
    *reinterpret_cast<volatile int *>(nowhere) = 1;
}

dying::Evidence OfACrash()
{
    return dying::EvidenceOf(WriteToNowhere);
}

} // namespace

extern "C" {

// The linker puts them in the place of fork(), calloc() and dlopen().
pid_t __real_fork(void);
void *__real_calloc(size_t n, size_t size);
void *__real_dlopen(const char *file, int mode);
pid_t __wrap_fork(void);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_dlopen(const char *file, int mode);

pid_t __wrap_fork(void)
{
    if (refused != FORK)
        return __real_fork();
    errno = EAGAIN;
    return -1;
}

void *__wrap_calloc(size_t n, size_t size)
{
    return refused == CALLOC ? nullptr : __real_calloc(n, size);
}

void *__wrap_dlopen(const char *file, int mode)
{
    return refused == DLOPEN ? nullptr : __real_dlopen(file, mode);
}
}

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
    enum autopsy_end end = AUTOPSY_DONE;
    Found found(autopsy_end(&a, &end), free);
    EXPECT_EQ(kill(pid, 0), -1);
    EXPECT_EQ(a.pid, 0);
    EXPECT_EQ(a.fd, -1);
}

TEST(Autopsy, ThatCannotBeBegunLeavesNothingBehind)
{
    auto e = OfACrash();
    ASSERT_TRUE(e);
    const segment nothing = {};
    autopsy a = {};
    {
        Refusing refusing(FORK);
        EXPECT_EQ(autopsy_start(&a, e.get(), &nothing), -EAGAIN);
    }
    {
        Refusing refusing(CALLOC);
        EXPECT_EQ(autopsy_start(&a, e.get(), &nothing), -ENOMEM);
    }
    rlimit before = {};
    getrlimit(RLIMIT_NOFILE, &before);
    const rlimit none = {0, before.rlim_max};
    setrlimit(RLIMIT_NOFILE, &none);
    EXPECT_EQ(autopsy_start(&a, e.get(), &nothing), -EMFILE);
    setrlimit(RLIMIT_NOFILE, &before);
    EXPECT_EQ(a.pid, 0);
    EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1) << "a process is left";
}

TEST(Autopsy, NeedsNoMoreDescriptorsThanItsPipe)
{
    auto e = OfACrash();
    ASSERT_TRUE(e);
    rlimit before = {};
    getrlimit(RLIMIT_NOFILE, &before);
    const rlimit few = {64, before.rlim_max};
    setrlimit(RLIMIT_NOFILE, &few);
    Found found(nullptr, free);
    EXPECT_TRUE(Examine(e.get(), &found));
    setrlimit(RLIMIT_NOFILE, &before);
    EXPECT_TRUE(found);
}

TEST(Autopsy, WithoutADemanglerNamesFunctionsAsTheLinkerDoes)
{
    auto e = OfACrash();
    ASSERT_TRUE(e);
    Found found(nullptr, free);
    Refusing refusing(DLOPEN);
    ASSERT_TRUE(Examine(e.get(), &found));
    ASSERT_TRUE(found);
    EXPECT_EQ(std::string(found->frames[0].function).substr(0, 2), "_Z");
}

TEST(Autopsy, OfACrashThatLeftNoFilesFindsNothing)
{
    auto e = OfACrash();
    ASSERT_TRUE(e);
    e->modules_size = 0;
    Found found(nullptr, free);
    EXPECT_TRUE(Examine(e.get(), &found));
    EXPECT_FALSE(found);
    snprintf(e->modules, sizeof e->modules, "no line of a map\n");
    e->modules_size = static_cast<uint32_t>(strlen(e->modules));
    EXPECT_TRUE(Examine(e.get(), &found));
    EXPECT_FALSE(found);
}

TEST(Autopsy, OfRegistersOrAStackThatAreNoneHasTheAddressAndTheCallersThatWereNoted)
{
    enum { CALLERS = CRASH_CALLERS_MAX };
    auto whole = OfACrash();
    ASSERT_TRUE(whole);
    struct {
        uint32_t n_registers, stack_size;
        uint64_t pc;
        bool has_callers;
    } const cases[] = {{0, 0, whole->pc, true},
                       {CRASH_REGISTERS_MAX, 0, whole->pc, true},
                       {whole->n_registers, 4, whole->pc, true},
                       {3, 800, 0x10, true},
                       {whole->n_registers, 4, 0x10, false}}; // its registers say something else
    for (const auto &c : cases) {
        const std::string what = std::to_string(c.n_registers) + " registers, stack of " + std::to_string(c.stack_size);
        crash_area e = *whole;
        e.n_registers = c.n_registers;
        e.stack_size = c.stack_size;
        e.pc = c.pc;
        e.n_callers = CALLERS;
        for (uint64_t &caller : e.callers)
            caller = 0x1001;
        Found found(nullptr, free);
        EXPECT_TRUE(Examine(&e, &found)) << what;
        ASSERT_TRUE(found) << what;
        EXPECT_EQ(found->frames[0].address, e.pc) << what;
        EXPECT_EQ(found->frames[found->n - 1].address == 0x1000, c.has_callers) << what;
    }
}

TEST(Autopsy, ThatNobodyListensToEnds)
{
    auto e = OfACrash();
    ASSERT_TRUE(e);
    const segment nothing = {};
    autopsy a = {};
    sighandler_t before = signal(SIGPIPE, SIG_IGN);
    ASSERT_EQ(autopsy_start(&a, e.get(), &nothing), 0);
    signal(SIGPIPE, before);
    close(a.fd);
    a.fd = -1;
    siginfo_t how = {};
    ASSERT_EQ(waitid(P_PID, static_cast<id_t>(a.pid), &how, WEXITED | WNOWAIT), 0);
    EXPECT_EQ(how.si_code, CLD_EXITED);
    EXPECT_EQ(how.si_status, 1);
    EXPECT_EQ(autopsy_hear(&a), 1) << "there is nothing to be heard any more";
    enum autopsy_end end = AUTOPSY_KILLED;
    EXPECT_EQ(autopsy_end(&a, &end), nullptr);
    EXPECT_EQ(end, AUTOPSY_DONE);
}

TEST(Autopsy, ThatSomebodyKillsIsToldFromOneThatFindsNothing)
{
    auto e = OfACrash();
    ASSERT_TRUE(e);
    const segment nothing = {};
    autopsy a = {};
    enum autopsy_end end = AUTOPSY_DONE;
    ASSERT_EQ(autopsy_start(&a, e.get(), &nothing), 0);
    kill(a.pid, SIGKILL);
    free(autopsy_end(&a, &end));
    EXPECT_EQ(end, AUTOPSY_KILLED);
}

// A plugin's file may have taken the process over.
TEST(Autopsy, ThatSaysMoreThanAReportHoldsIsHeardNoLonger)
{
    int ends[2];
    ASSERT_EQ(pipe2(ends, O_NONBLOCK), 0);
    const std::vector<char> more((REPORT_FRAMES_MAX + 1) * sizeof(report_frame), 'x');
    ASSERT_GT(fcntl(ends[1], F_SETPIPE_SZ, static_cast<int>(more.size())), 0);
    ASSERT_EQ(write(ends[1], more.data(), more.size()), static_cast<ssize_t>(more.size()));
    auto *empty = static_cast<report *>(calloc(1, sizeof(report) + REPORT_FRAMES_MAX * sizeof(report_frame)));
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    autopsy a = {pid, ends[0], empty, 0};
    EXPECT_EQ(autopsy_hear(&a), 1);
    enum autopsy_end end = AUTOPSY_KILLED;
    waitid(P_PID, static_cast<id_t>(pid), nullptr, WEXITED | WNOWAIT);
    Found found(autopsy_end(&a, &end), free);
    EXPECT_EQ(end, AUTOPSY_DONE);
    close(ends[1]);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->n, static_cast<uint32_t>(REPORT_FRAMES_MAX));
    for (const char *text : {found->frames[47].function, found->frames[47].file, found->frames[47].module})
        EXPECT_LT(strlen(text), static_cast<size_t>(REPORT_NAME_MAX));
}

TEST(Autopsy, HasNoEvidenceWhereThereIsNoMemoryForIt)
{
    auto area = std::make_unique<crash_area>();
    au32_store_relaxed(&area->epoch, dying::FIRST);
    au32_store_relaxed(&area->parts, CRASH_CPU);
    Refusing refusing(CALLOC);
    EXPECT_EQ(evidence_take(area.get(), dying::FIRST, 0), nullptr);
}
