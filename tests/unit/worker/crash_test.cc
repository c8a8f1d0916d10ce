// What a worker that dies by a signal leaves behind.
extern "C" {
#include "crash.h"
}

#include <csignal>
#include <fcntl.h>
#include <functional>
#include <gtest/gtest.h>
#include <micropipe/micropipe.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <string>

#include "stages.h"
#include "world.h"

namespace
{

enum { EPOCH = 7 };

// A process that watches for its crash, and then does something.
class Dying
{
  public:
    Dying()
        : area_(static_cast<crash_area *>(mmap(nullptr, CRASH_AREA_SIZE, PROT_READ | PROT_WRITE,
                                               MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)))
    {
    }
    ~Dying() { munmap(area_, CRASH_AREA_SIZE); }
    Dying(const Dying &) = delete;
    Dying &operator=(const Dying &) = delete;

    // Its wait status.
    int Of(const std::function<void()> &deed, const std::function<void()> &before = nullptr)
    {
        pid_t pid = Start(deed, before);
        int status = -1;
        waitpid(pid, &status, 0);
        return status;
    }

    pid_t Start(const std::function<void()> &deed, const std::function<void()> &before = nullptr,
                view *in_hand = nullptr) const
    {
        pid_t pid = fork();
        if (pid == 0) {
            for (const int *at = crash_signals; *at; at++)
                signal(*at, SIG_DFL); // a sanitizer's
            if (before)
                before();
            session in = {};
            in.in_hand = in_hand;
            crash_watch(area_, &in, EPOCH);
            deed();
            _exit(0);
        }
        return pid;
    }

    const crash_area &Area() const { return *area_; }
    uint32_t Parts() const { return au32_relaxed(&area_->parts); }

  private:
    crash_area *area_;
};

__attribute__((noinline, no_sanitize("undefined", "address"))) void WriteTo(uintptr_t at)
{
    *reinterpret_cast<volatile int *>(at) = 1;
}

void Leave(int)
{
    _exit(3);
}

void LeaveWithInfo(int, siginfo_t *, void *)
{
    _exit(4);
}

// Two pages that end where nobody may read.
uint8_t *TwoPages()
{
    void *at = mmap(nullptr, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect(static_cast<uint8_t *>(at) + 2 * 4096, 4096, PROT_NONE);
    return static_cast<uint8_t *>(at);
}

// What a worker leaves that a processor kills: of the stage VICTIM, behind one that gives each frame an attribute.
class DyingWorker : public testing::Test
{
  protected:
    enum : uint32_t { VICTIM = 2, END };

    ~DyingWorker() override { munmap(area_, CRASH_AREA_SIZE); }

    static mpipe_status Label(void *, const mpipe_io *io, mpipe_frame *frame)
    {
        mpipe_status status = mpipe_set_attribute(io, &frame, "path", "a.jpg", 5);
        return status == MPIPE_OK ? mpipe_emit(io, 0, frame) : status;
    }

    static mpipe_processor Processor(const char *name, uint32_t flags,
                                     mpipe_status (*process)(void *, const mpipe_io *, mpipe_frame *))
    {
        mpipe_processor p = {};
        p.struct_size = sizeof p;
        p.flags = MPIPE_STATELESS | flags;
        p.name = name;
        p.process = process;
        return p;
    }

    // Its wait status.
    int Of(mpipe_status (*process)(void *, const mpipe_io *, mpipe_frame *), int times = 1)
    {
        const mpipe_processor labels = Processor("labels", MPIPE_MUTATES, Label);
        const mpipe_processor victim = Processor("victim", 0, process);
        World world({{"source", nullptr, 0},
                     {"labels", &labels, 16, 4},
                     {"victim", &victim, 16, 4},
                     {"end", nullptr, 16, 1, 1, 0}},
                    {{SOURCE, 0, FILTER}, {FILTER, 0, VICTIM}, {VICTIM, 0, END}});
        world.Feed(SOURCE, {"first", "second"});
        ring_close(world.Ring(FILTER));
        EXPECT_EQ(world.RunWorker(FILTER), 0);
        int status = -1;
        for (uint32_t epoch = 1; epoch <= static_cast<uint32_t>(times); epoch++) {
            pid_t pid = fork();
            if (pid == 0) {
                for (const int *at = crash_signals; *at; at++)
                    signal(*at, SIG_DFL);
                world.RunWorker(VICTIM, 0, epoch, area_);
                _exit(0);
            }
            waitpid(pid, &status, 0);
            world.Bury(VICTIM, 0, epoch, SIGSEGV);
        }
        return status;
    }

    crash_area *area_ = static_cast<crash_area *>(
        mmap(nullptr, CRASH_AREA_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
};

} // namespace

TEST(Crash, LeavesSignalAddressStackAndFilesAndDiesOfTheSignal)
{
    Dying dying;
    int status = dying.Of([] { WriteTo(0x10); });
    ASSERT_TRUE(WIFSIGNALED(status));
    EXPECT_EQ(WTERMSIG(status), SIGSEGV);
    const crash_area &area = dying.Area();
    EXPECT_EQ(au32_relaxed(&area.epoch), static_cast<uint32_t>(EPOCH));
    EXPECT_EQ(dying.Parts(), static_cast<uint32_t>(CRASH_CPU | CRASH_CALLERS | CRASH_STACK | CRASH_MODULES));
    EXPECT_EQ(area.signal, SIGSEGV);
    EXPECT_EQ(area.address, 0x10u);
    EXPECT_GT(area.stack_size, 0u);
    std::string modules(area.modules, area.modules_size);
    EXPECT_NE(modules.find("/worker_test\n"), std::string::npos);
    EXPECT_NE(modules.find("[stack]\n"), std::string::npos);
#if defined(__x86_64__) || defined(__aarch64__)
    auto function = reinterpret_cast<uintptr_t>(&WriteTo);
    EXPECT_GE(area.pc, function);
    EXPECT_LT(area.pc, function + 256);
    EXPECT_GT(area.n_registers, 16u);
#endif
}

TEST(Crash, OfASignalThatNoInstructionCausedIsADeathOfIt)
{
    for (int signal : {SIGABRT, SIGSEGV, SIGSYS, SIGTRAP}) {
        Dying dying;
        int status = dying.Of([signal] { raise(signal); });
        EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == signal) << signal;
        EXPECT_EQ(dying.Area().signal, signal);
        EXPECT_EQ(dying.Area().sender, static_cast<uint32_t>(CRASH_SENT_BY_ITSELF));
        EXPECT_NE(dying.Parts() & CRASH_STACK, 0u);
    }
}

TEST(Crash, OfEachInstructionIsADeathOfItsSignal)
{
    const struct {
        int signal;
        void (*deed)();
    } cases[] = {
        {SIGILL, [] { __builtin_trap(); }},
        {SIGBUS,
         [] {
             char name[] = "/tmp/micropipe-crash-XXXXXX";
             int fd = mkstemp(name);
             unlink(name);
             WriteTo(reinterpret_cast<uintptr_t>(mmap(nullptr, 4096, PROT_WRITE, MAP_SHARED, fd, 0)));
         }},
#if defined(__x86_64__)
        {SIGFPE,
         [] {
             __asm__ volatile("xorl %%ecx, %%ecx\n xorl %%edx, %%edx\n divl %%ecx" : : : "eax", "ecx", "edx");
         }},
        {SIGTRAP, [] { __asm__ volatile("int3"); }},
#endif
    };
    for (const auto &c : cases) {
        Dying dying;
        int status = dying.Of(c.deed);
        EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == c.signal) << c.signal;
        EXPECT_EQ(dying.Area().signal, c.signal);
        EXPECT_EQ(dying.Area().sender, static_cast<uint32_t>(CRASH_SENT_BY_NOBODY)) << c.signal;
        EXPECT_NE(dying.Parts() & CRASH_MODULES, 0u) << c.signal;
    }
}

TEST(Crash, OfAllThreadsAtOnceIsReportedOnce)
{
    Dying dying;
    int status = dying.Of([] {
        static pthread_barrier_t all;
        pthread_barrier_init(&all, nullptr, 8);
        auto die = [](void *) -> void * {
            pthread_barrier_wait(&all);
            WriteTo(0x10);
            return nullptr;
        };
        pthread_t thread;
        for (int i = 1; i < 8; i++)
            pthread_create(&thread, nullptr, die, nullptr);
        die(nullptr);
    });
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    EXPECT_EQ(dying.Area().address, 0x10u);
    EXPECT_EQ(dying.Parts(), static_cast<uint32_t>(CRASH_CPU | CRASH_CALLERS | CRASH_STACK | CRASH_MODULES));
}

TEST(Crash, WithAFrameInHandThatIsNoneLeavesNone)
{
    Dying dying;
    int status = -1;
    waitpid(dying.Start([] { WriteTo(0x10); }, nullptr, reinterpret_cast<view *>(0x20)), &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    EXPECT_EQ(dying.Parts(), static_cast<uint32_t>(CRASH_CPU | CRASH_CALLERS | CRASH_STACK | CRASH_MODULES));
}

TEST(Crash, LeavesAFrameThatHasNoAttributes)
{
    Dying dying;
    view v = {};
    v.frame.sequence = 812;
    v.frame.size = 51200;
    waitpid(dying.Start([] { WriteTo(0x10); }, nullptr, &v), nullptr, 0);
    EXPECT_NE(dying.Parts() & CRASH_FRAME, 0u);
    EXPECT_EQ(dying.Area().sequence, 812u);
    EXPECT_EQ(dying.Area().size, 51200u);
    EXPECT_EQ(dying.Area().attributes_size, 0u);
}

TEST(Crash, WithARuinedStackPointerIsStillADeathOfTheSignal)
{
#if defined(__x86_64__)
    Dying dying;
    int status = dying.Of([] { __asm__ volatile("movq $0x1000, %rsp\n movq $0x1, %rbp\n movl $0, 0x20"); });
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    EXPECT_EQ(dying.Area().address, 0x20u);
    EXPECT_EQ(dying.Parts(), static_cast<uint32_t>(CRASH_CPU | CRASH_CALLERS | CRASH_STACK | CRASH_MODULES));
    EXPECT_EQ(dying.Area().stack_size, 0u);
    EXPECT_EQ(dying.Area().n_callers, 0u);
#endif
}

TEST(Crash, LeavesAHandlerThatIsThereBeforeAlone)
{
    Dying dying;
    int status = dying.Of([] { WriteTo(0x10); }, [] { signal(SIGSEGV, Leave); });
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 3);
    EXPECT_EQ(au32_relaxed(&dying.Area().epoch), 0u);
}

TEST(Crash, LeavesAHandlerThatComesLaterAlone)
{
    Dying dying;
    int status = dying.Of([] {
        signal(SIGSEGV, Leave);
        WriteTo(0x10);
    });
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 3);
    EXPECT_EQ(au32_relaxed(&dying.Area().epoch), 0u);
}

TEST(Crash, LeavesAHandlerThatWantsToKnowMoreAlone)
{
    Dying dying;
    int status = dying.Of([] { WriteTo(0x10); },
                          [] {
                              struct sigaction sa = {};
                              sa.sa_sigaction = LeaveWithInfo;
                              sa.sa_flags = SA_SIGINFO;
                              sigaction(SIGSEGV, &sa, nullptr);
                          });
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 4);
}

TEST(Crash, ByASignalFromOutsideSaysWhoSentIt)
{
    Dying by_others, by_server;
    by_others.Of([] {
        const pid_t self = getpid();
        if (fork() == 0)
            _exit(kill(self, SIGABRT));
        for (;;)
            pause();
    });
    EXPECT_EQ(by_others.Area().sender, static_cast<uint32_t>(CRASH_SENT_BY_OTHERS));
    int ready[2];
    ASSERT_EQ(pipe(ready), 0);
    pid_t pid = by_server.Start([&] {
        if (write(ready[1], "r", 1) == 1)
            for (;;)
                pause();
    });
    char byte;
    ASSERT_EQ(read(ready[0], &byte, 1), 1);
    kill(pid, SIGABRT);
    int status = -1;
    waitpid(pid, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    EXPECT_EQ(by_server.Area().sender, static_cast<uint32_t>(CRASH_SENT_BY_SERVER));
    close(ready[0]);
    close(ready[1]);
}

TEST(Crash, CopiesAStackAsFarAsItGoes)
{
#if defined(__x86_64__)
    Dying dying;
    int status = dying.Of([] {
        const uint8_t *top = TwoPages() + 2 * 4096 - 64;
        __asm__ volatile("movq %0, %%rsp\n movq $1, %%rbp\n movl $0, 0x20" : : "r"(top));
    });
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    EXPECT_EQ(dying.Area().stack_size, 64u);
    EXPECT_EQ(dying.Area().address, 0x20u);
#endif
}

TEST(Crash, FollowsFramePointersWhileTheyLookLikeOnes)
{
#if defined(__x86_64__)
    struct {
        uint64_t first, second; // what lies there: a frame pointer, a return address
        uint32_t n_callers;
    } const cases[] = {{1, 0x1234, 1}, {0, 0x1234, 1}, {UINT64_MAX - 7, 0x1234, 1}, {0, 0, 0}};
    for (const auto &c : cases) {
        Dying dying;
        dying.Of([&] {
            auto *frame = reinterpret_cast<uint64_t *>(TwoPages() + 4096);
            frame[0] = c.first;
            frame[1] = c.second;
            __asm__ volatile("movq %0, %%rsp\n movq %0, %%rbp\n movl $0, 0x20" : : "r"(frame));
        });
        EXPECT_EQ(dying.Area().n_callers, c.n_callers) << c.first;
    }
    Dying dying;
    dying.Of([] { // each frame is called by the next
        auto *frame = reinterpret_cast<uint64_t *>(TwoPages());
        for (int i = 0; i < 1022; i += 2) {
            frame[i] = reinterpret_cast<uint64_t>(frame + i + 2);
            frame[i + 1] = 0x1234;
        }
        __asm__ volatile("movq %0, %%rsp\n movq %0, %%rbp\n movl $0, 0x20" : : "r"(frame));
    });
    EXPECT_EQ(dying.Area().n_callers, static_cast<uint32_t>(CRASH_CALLERS_MAX));
#endif
}

TEST(Crash, WithoutADescriptorLeavesAllButTheFiles)
{
    Dying dying;
    int status = dying.Of([] {
        const rlimit none = {0, 0};
        setrlimit(RLIMIT_NOFILE, &none);
        WriteTo(0x10);
    });
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    EXPECT_EQ(dying.Parts(), static_cast<uint32_t>(CRASH_CPU | CRASH_CALLERS | CRASH_STACK));
}

TEST(Crash, WithMoreFilesThanThereIsRoomForLeavesTheFirst)
{
    Dying dying;
    dying.Of([] {
        int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
        for (int i = 0; i < 4000; i++) // apart, or the kernel makes one of two
            mmap(nullptr, 4096, i % 2 ? PROT_READ : PROT_NONE, MAP_PRIVATE, fd, 0);
        WriteTo(0x10);
    });
    const crash_area &area = dying.Area();
    EXPECT_NE(dying.Parts() & CRASH_MODULES, 0u);
    EXPECT_GT(area.modules_size, static_cast<uint32_t>(CRASH_MODULES_MAX - 4096));
    EXPECT_LE(area.modules_size, static_cast<uint32_t>(CRASH_MODULES_MAX));
    EXPECT_EQ(area.modules[area.modules_size - 1], '\n');
}

TEST(Crash, WithoutMemoryForAStackOfItsOwnIsReportedAllTheSame)
{
    Dying dying;
    int status = dying.Of([] { WriteTo(0x10); },
                          [] {
                              const rlimit little = {4096, 4096};
                              setrlimit(RLIMIT_AS, &little);
                          });
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    EXPECT_EQ(dying.Area().address, 0x10u);
}

TEST_F(DyingWorker, LeavesTheFrameInHandAndItsAttributes)
{
    int status = Of([](void *, const mpipe_io *, mpipe_frame *) -> mpipe_status {
        WriteTo(0x10);
        return MPIPE_OK;
    });
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    EXPECT_NE(au32_relaxed(&area_->parts) & CRASH_FRAME, 0u);
    EXPECT_EQ(area_->sequence, 0u);
    EXPECT_EQ(area_->size, 5u);
    EXPECT_EQ(area_->attempt, 1u);
    const std::string attributes(reinterpret_cast<const char *>(area_->attributes), area_->attributes_size);
    EXPECT_NE(attributes.find("a.jpg"), std::string::npos);
}

TEST_F(DyingWorker, LeavesTheClaimedFrameThoughThePluginHasGivenItAway)
{
    Of([](void *, const mpipe_io *io, mpipe_frame *frame) -> mpipe_status {
        mpipe_emit(io, 0, frame);
        WriteTo(0x10);
        return MPIPE_OK;
    });
    EXPECT_NE(au32_relaxed(&area_->parts) & CRASH_FRAME, 0u);
    EXPECT_EQ(area_->size, 5u);
    EXPECT_EQ(area_->attempt, 1u);
}

TEST_F(DyingWorker, SaysWhichAttemptItWas)
{
    Of(
        [](void *, const mpipe_io *io, mpipe_frame *frame) -> mpipe_status {
            mpipe_emit(io, 0, frame);
            WriteTo(0x10);
            return MPIPE_OK;
        },
        2);
    EXPECT_EQ(area_->attempt, 2u);
}
