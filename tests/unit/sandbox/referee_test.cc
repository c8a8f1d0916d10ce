// The referee knows calls by their numbers and by who makes them.
extern "C" {
#include "referee.h"
}

#include <fcntl.h>
#include <gtest/gtest.h>
#include <seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>
#include <thread>

namespace
{

held_call Call(long number, pid_t caller, long target)
{
    held_call call = {};
    call.number = static_cast<int>(number);
    call.caller = caller;
    call.arguments[0] = static_cast<uint64_t>(target);
    return call;
}

bool IsOwn(long number, pid_t caller, long target)
{
    held_call call = Call(number, caller, target);
    return referee_is_own(&call);
}

bool IsServers(long number)
{
    held_call call = Call(number, 1, 2);
    return referee_is_servers(&call);
}

std::string Name(long number)
{
    held_call call = Call(number, 1, 2);
    char *text = referee_name(&call);
    std::string name = text ? text : "";
    free(text);
    return name;
}

} // namespace

TEST(Referee, LetsAProcessSignalItselfByEveryCall)
{
    pid_t self = getpid();
    for (long call : {SYS_kill, SYS_tgkill, SYS_tkill, SYS_rt_sigqueueinfo, SYS_rt_tgsigqueueinfo})
        EXPECT_TRUE(IsOwn(call, self, self)) << call;
    EXPECT_FALSE(IsOwn(SYS_execve, self, self));
}

TEST(Referee, TakesNoGroupAndNoOtherProcessForTheCaller)
{
    pid_t self = getpid();
    EXPECT_FALSE(IsOwn(SYS_kill, self, 0)) << "the group";
    EXPECT_FALSE(IsOwn(SYS_kill, self, -1)) << "everybody";
    EXPECT_FALSE(IsOwn(SYS_kill, self, getppid()));
}

TEST(Referee, TakesAnotherThreadOfTheProcessForTheCaller)
{
    bool own = false;
    std::thread([&] { own = IsOwn(SYS_kill, static_cast<pid_t>(syscall(SYS_gettid)), getpid()); }).join();
    EXPECT_TRUE(own);
}

TEST(Referee, LetsAServerForkAndSignalOnly)
{
    for (long call : {SYS_clone, SYS_fork, SYS_kill})
        EXPECT_TRUE(IsServers(call)) << call;
    for (long call : {SYS_execve, SYS_ptrace, SYS_tkill})
        EXPECT_FALSE(IsServers(call)) << call;
}

TEST(Referee, NamesCalls)
{
    EXPECT_EQ(Name(SYS_execve), "execve");
    EXPECT_EQ(Name(100000), "") << "there is no such call";
}

TEST(Referee, HearsNothingWhereNobodyCalls)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    held_call call = {};
    EXPECT_EQ(referee_hear(fd, &call), -ENOENT);
    EXPECT_EQ(call.id, 0u);
    close(fd);
}
