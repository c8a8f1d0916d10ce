// What a worker that dies by a signal leaves behind.
extern "C" {
#include "crash.h"
}

#include <csignal>
#include <functional>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <string>

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
        pid_t pid = fork();
        if (pid == 0) {
            for (const int *at = crash_signals; *at; at++)
                signal(*at, SIG_DFL); // a sanitizer's
            if (before)
                before();
            static const session nothing = {};
            crash_watch(area_, &nothing, EPOCH);
            deed();
            _exit(0);
        }
        int status = -1;
        waitpid(pid, &status, 0);
        return status;
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
