// The n-th call of each kind fails, in the host, a scanner's child, a stage server or a worker, for n = 1 until a run
// in which none is left to fail; once alone, and once with all after it.
#include <gtest/gtest.h>

#include <cerrno>
#include <fstream>
#include <sys/syscall.h>

#include "scene.h"

namespace
{

using fault::Outcome;
using fault::Plan;
using fault::Role;
using fault::Scene;

struct Kind {
    const char *name;
    std::vector<int> calls;
    int error;
};

const Kind kMmap = {"mmap", {SYS_mmap}, ENOMEM};
const Kind kMprotect = {"mprotect", {SYS_mprotect}, ENOMEM};
const Kind kMadvise = {"madvise", {SYS_madvise}, ENOMEM};
const Kind kMemfd = {"memfd_create", {SYS_memfd_create}, EMFILE};
const Kind kTruncate = {"ftruncate", {SYS_ftruncate}, ENOSPC};
const Kind kAllocate = {"fallocate", {SYS_fallocate}, ENOSPC};
const Kind kFork = {"fork", {SYS_clone, SYS_clone3, SYS_fork, SYS_vfork}, EAGAIN};
const Kind kPidfd = {"pidfd_open", {SYS_pidfd_open}, EMFILE};
const Kind kEpoll = {"epoll_create1", {SYS_epoll_create1}, EMFILE};
const Kind kWatch = {"epoll_ctl", {SYS_epoll_ctl}, ENOSPC};
const Kind kOpen = {"openat", {SYS_openat, SYS_open}, EMFILE};
const Kind kWrite = {"write", {SYS_write, SYS_pwrite64, SYS_writev}, ENOSPC};
const Kind kSockets = {"socketpair", {SYS_socketpair}, EMFILE};
const Kind kSignalfd = {"signalfd", {SYS_signalfd4}, EMFILE};
const Kind kPipe = {"pipe2", {SYS_pipe2}, EMFILE};
const Kind kPrctl = {"prctl", {SYS_prctl}, EPERM};
const Kind kFcntl = {"fcntl", {SYS_fcntl}, EMFILE};
const Kind kDup = {"dup2", {SYS_dup, SYS_dup2, SYS_dup3}, EMFILE};
const Kind kCloseRange = {"close_range", {SYS_close_range}, ENOSYS};
const Kind kMkdir = {"mkdir", {SYS_mkdir, SYS_mkdirat}, ENOSPC};
const Kind kRename = {"rename", {SYS_rename, SYS_renameat, SYS_renameat2}, ENOSPC};
const Kind kSchedule = {"sched_setscheduler", {SYS_sched_setscheduler}, EPERM};

// Each failure of one kind. A scanner's child that failed may make a pack look broken, which is a mistake of whoever
// names it (status 2).
void fail_each(const Kind &kind, Role role, bool sticky)
{
    constexpr uint64_t kMost = 100;
    for (uint64_t n = 1;; n++) {
        ASSERT_LE(n, kMost) << kind.name << ": it makes more and more of these calls";
        Scene scene;
        Plan plan;
        plan.calls = kind.calls;
        plan.error = kind.error;
        plan.role = role;
        plan.n = n;
        plan.sticky = sticky;
        const Outcome o = run_trial(scene.path(), {"run", "p.cfg", "--quiet"}, plan);
        ASSERT_EQ(scene.wrong_with_run(o, role == Role::Scanner), "")
            << kind.name << " number " << n << (sticky ? " and all after it" : "") << " in the " << role_name(role)
            << ": " << describe(o);
        if (!o.failed) {
            EXPECT_EQ(o.exit_code, 3) << describe(o);
            EXPECT_GT(n, 1u) << kind.name << ": the " << role_name(role) << " makes no such call";
            return;
        }
    }
}

void fail_each_once_and_for_good(const std::vector<Kind> &kinds, Role role)
{
    for (const Kind &kind : kinds)
        for (bool sticky : {false, true})
            fail_each(kind, role, sticky);
}

TEST(SystemCalls, OfTheHostForMemoryMayFail)
{
    fail_each_once_and_for_good({kMmap, kMadvise, kMemfd, kTruncate, kAllocate}, Role::Host);
}

TEST(SystemCalls, OfTheHostForProcessesMayFail)
{
    fail_each_once_and_for_good({kFork, kPidfd, kPrctl}, Role::Host);
}

TEST(SystemCalls, OfTheHostForItsLoopMayFail)
{
    fail_each_once_and_for_good({kEpoll, kWatch, kSockets, kSignalfd, kPipe}, Role::Host);
}

TEST(SystemCalls, OfTheHostForFilesMayFail)
{
    fail_each_once_and_for_good({kOpen, kFcntl, kMkdir}, Role::Host);
}

TEST(SystemCalls, OfAScannerMayFail)
{
    fail_each_once_and_for_good({kMmap, kMprotect, kOpen, kWrite, kPrctl, kFcntl, kDup, kCloseRange}, Role::Scanner);
}

TEST(SystemCalls, OfAStageServerMayFail)
{
    fail_each_once_and_for_good({kMmap, kMprotect, kOpen, kFork, kSignalfd, kPrctl, kFcntl, kCloseRange}, Role::Server);
}

TEST(SystemCalls, OfAWorkerMayFail)
{
    for (const Kind &kind : {kOpen, kWrite, kRename, kPrctl, kSchedule})
        fail_each(kind, Role::Worker, false);
}

TEST(SystemCalls, OfAWorkerThatFailForGoodEndTheRun)
{
    for (const Kind &kind : {kOpen, kWrite, kRename}) {
        Scene scene;
        Plan plan;
        plan.calls = kind.calls;
        plan.error = kind.error;
        plan.role = Role::Worker;
        plan.n = 1;
        plan.sticky = true;
        const Outcome o = run_trial(scene.path(), {"run", "p.cfg", "--quiet"}, plan);
        EXPECT_EQ(scene.wrong_with_run(o, false), "") << kind.name << ": " << describe(o);
        EXPECT_EQ(o.exit_code, 1) << kind.name << ": " << describe(o);
    }
}

// A child that could not close the host's descriptors keeps them open when the host closes them.
TEST(SystemCalls, OfAServerThatKeepsItsCopiesOfTheHostsDescriptorsDoNotHideTheDeathOfAnother)
{
    Scene scene;
    scene.folder().file("s.cfg",
                        "name = \"s\"; memory = \"16M\"; huge_pages = \"off\";\nstages = (\n"
                        "  { name = \"lines\"; processor = \"text.lines\"; options = { path = \"in.txt\"; }; },\n"
                        "  { name = \"fail\"; processor = \"debug.fail\"; workers = 1; sandbox = \"none\";\n"
                        "    options = { kind = \"server\"; match = \"two\"; attempts = 1; }; },\n"
                        "  { name = \"out\"; processor = \"text.write\"; options = { path = \"out.txt\"; }; }\n);\n");
    Plan plan;
    plan.calls = kCloseRange.calls;
    plan.error = kCloseRange.error;
    plan.role = Role::Server;
    plan.n = 1;
    plan.sticky = true;
    const Outcome o = run_trial(scene.path(), {"run", "s.cfg"}, plan);
    EXPECT_TRUE(o.failed);
    EXPECT_EQ(o.exit_code, 0) << describe(o);
    EXPECT_NE(o.errors.find("fail: stage server died of SIGKILL"), std::string::npos) << describe(o);
    EXPECT_EQ(harness::read_file(scene.folder() / "out.txt"), "one\ntwo\nthree\nfour\n");
}

// The log is for people: that nobody can read it is no reason to stop.
TEST(SystemCalls, ThatWriteTheLogMayFail)
{
    for (Role role : {Role::Host, Role::Worker}) {
        Scene scene;
        Plan plan;
        plan.calls = kWrite.calls;
        plan.error = ENOSPC;
        plan.role = role;
        plan.n = 1;
        plan.sticky = true;
        plan.descriptor = 2;
        const Outcome o = run_trial(scene.path(), {"run", "p.cfg"}, plan);
        EXPECT_TRUE(o.failed);
        EXPECT_EQ(o.exit_code, 3) << role_name(role) << ": " << describe(o);
        EXPECT_EQ(scene.wrong_with_run(o, false), "") << role_name(role) << ": " << describe(o);
    }
}

// Standard output is what was asked for: that it cannot be written is a failure.
TEST(SystemCalls, ThatWriteWhatWasAskedForFailTheCommand)
{
    const std::vector<std::vector<std::string>> commands = {
        {"check", "p.cfg"}, {"inspect", "core"}, {"doctor"}, {"run", "--json", "p.cfg"}};
    for (const auto &arguments : commands) {
        Scene scene;
        Plan plan;
        plan.calls = kWrite.calls;
        plan.error = ENOSPC;
        plan.n = 1;
        plan.sticky = true;
        plan.descriptor = 1;
        const Outcome o = run_trial(scene.path(), arguments, plan);
        EXPECT_TRUE(o.failed);
        EXPECT_EQ(fault::wrong_with_any(o), "") << arguments[0] << ": " << describe(o);
        EXPECT_EQ(o.exit_code, 1) << arguments[0] << ": " << describe(o);
        EXPECT_NE(o.errors.find("cannot write to the standard output: No space left"), std::string::npos)
            << arguments[0] << ": " << describe(o);
    }
}

// A machine may have none of what the doctor looks for: it is to say so, not to fail at it.
TEST(SystemCalls, OfTheDoctorMayFail)
{
    for (const Kind &kind : {kMmap, kMadvise, kMemfd, kTruncate, kPidfd, kEpoll, kSignalfd, kPrctl, kOpen, kFcntl})
        for (uint64_t n = 1, failed = 1; failed && n < 100; n++) {
            Scene scene;
            Plan plan;
            plan.calls = kind.calls;
            plan.error = kind.error;
            plan.n = n;
            const Outcome o = run_trial(scene.path(), {"doctor"}, plan);
            failed = o.failed;
            EXPECT_EQ(fault::wrong_with_any(o), "") << kind.name << " number " << n << ": " << describe(o);
            EXPECT_TRUE(o.exit_code == 0 || o.exit_code == 1) << kind.name << " number " << n << ": " << describe(o);
            EXPECT_NE(o.output.find("Landlock"), std::string::npos)
                << kind.name << " number " << n << ": " << describe(o);
        }
}

} // namespace
