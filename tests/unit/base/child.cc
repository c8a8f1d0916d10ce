#include "child.h"

#include <sys/prctl.h>
#include <sys/wait.h>

#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

namespace
{

enum { SECONDS_TO_LIVE = 60 };

char StateOf(pid_t pid)
{
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string line;
    std::getline(file, line);
    size_t at = line.rfind(')');
    return at == std::string::npos || at + 2 >= line.size() ? 'X' : line[at + 2];
}

} // namespace

int ExitOf(int status)
{
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

void RunAsChild(const std::function<int()> &body, unsigned seconds_to_live)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    alarm(seconds_to_live);
    int code = body();
    fflush(nullptr);
    _exit(code);
}

pid_t Fork()
{
    pid_t pid = fork();
    if (pid < 0)
        abort(); // -1 stands for everybody in kill()
    return pid;
}

Child::Child(const std::function<int()> &body) : pid_(Fork())
{
    if (pid_ == 0)
        RunAsChild(body, SECONDS_TO_LIVE);
}

Child::~Child()
{
    if (!gone_)
        Kill();
}

int Child::Wait()
{
    int status = 0;
    waitpid(pid_, &status, 0);
    gone_ = true;
    return ExitOf(status);
}

int Child::Kill()
{
    kill(pid_, SIGKILL);
    return Wait();
}

bool Child::Asleep() const
{
    for (;;) {
        char state = StateOf(pid_);
        if (state == 'S')
            return true;
        if (state == 'Z' || state == 'X')
            return false;
        sched_yield();
    }
}
