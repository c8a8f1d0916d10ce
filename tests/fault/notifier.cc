#include "notifier.h"

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <map>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdexcept>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace fault
{

// The child says where its listener is; the parent, when it has taken it. No system call is needed for either, as any
// might be one that nobody answers yet.
struct Notifier::Meeting {
    int listener; // 0: not there yet; -1: there will be none
    int taken;
};

namespace
{

using Clock = std::chrono::steady_clock;

sock_filter statement(unsigned code, unsigned k)
{
    return {static_cast<unsigned short>(code), 0, 0, k};
}

sock_filter jump_if(unsigned k, unsigned char yes, unsigned char no)
{
    return {BPF_JMP | BPF_JEQ | BPF_K, yes, no, k};
}

// Asks about `calls`, and about three more. Two tell what the program is at: rt_sigaction() for SIGCHLD is the first
// thing that main() does, so what the dynamic loader did before does not count; setpgid(0, 0) is the first that a
// scanner's child does. And kill(-1), which would kill all that its user may kill, this test first, is never made: the
// host has done so once, with the -1 of a fork() that had failed.
std::vector<sock_filter> make_filter(const std::vector<int> &calls)
{
    const unsigned load = BPF_LD | BPF_W | BPF_ABS;
    std::vector<sock_filter> f = {statement(load, offsetof(seccomp_data, nr))};
    for (int call : calls) {
        f.push_back(jump_if(static_cast<unsigned>(call), 0, 1));
        f.push_back(statement(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF));
    }
    f.push_back(jump_if(SYS_setpgid, 0, 1));
    f.push_back(statement(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF));
    for (const auto &[call, first] : {std::pair{SYS_rt_sigaction, unsigned{SIGCHLD}}, {SYS_kill, ~0U}}) {
        f.push_back(jump_if(static_cast<unsigned>(call), 0, 4));
        f.push_back(statement(load, offsetof(seccomp_data, args[0])));
        f.push_back(jump_if(first, 0, 1));
        f.push_back(statement(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF));
        f.push_back(statement(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
    }
    f.push_back(statement(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
    return f;
}

pid_t parent_of(pid_t pid)
{
    std::string line;
    std::getline(std::ifstream("/proc/" + std::to_string(pid) + "/stat"), line);
    const size_t behind_name = line.rfind(')');
    pid_t parent = 0;
    char state;
    if (behind_name == std::string::npos || sscanf(line.c_str() + behind_name + 1, " %c %d", &state, &parent) != 2)
        return 0;
    return parent;
}

// Which process is which, and what has been counted.
class Judge
{
  public:
    Judge(pid_t program, const Plan &plan) : program_(program), plan_(plan) {}

    // The errno to answer with; 0: the call is made.
    int decide(const seccomp_notif &call)
    {
        const pid_t pid = static_cast<pid_t>(call.pid);
        if (call.data.nr == SYS_rt_sigaction) {
            started_ = true;
            return 0;
        }
        if (call.data.nr == SYS_kill && static_cast<pid_t>(call.data.args[0]) == -1) {
            killed_all_ = true;
            return EPERM;
        }
        const Role role = role_of(pid, call.data.nr == SYS_setpgid && call.data.args[0] == 0);
        bool chosen = false;
        for (int c : plan_.calls)
            chosen |= c == call.data.nr;
        if (!chosen || !started_ || role != plan_.role)
            return 0;
        if (plan_.descriptor >= 0 && static_cast<int>(call.data.args[0]) != plan_.descriptor)
            return 0;
        count_++;
        const bool fails = plan_.n > 0 && (plan_.sticky ? count_ >= plan_.n : count_ == plan_.n);
        return fails ? plan_.error : 0;
    }

    uint64_t count() const { return count_; }
    bool killed_all() const { return killed_all_; }

  private:
    Role role_of(pid_t pid, bool scans)
    {
        if (pid == program_)
            return Role::Host;
        const auto known = roles_.find(pid);
        if (known != roles_.end())
            return known->second;
        const Role role = parent_of(pid) != program_ ? Role::Worker : scans ? Role::Scanner : Role::Server;
        roles_[pid] = role;
        return role;
    }

    pid_t program_;
    const Plan &plan_;
    bool started_ = false, killed_all_ = false;
    uint64_t count_ = 0;
    std::map<pid_t, Role> roles_;
};

void answer(int listener, Judge &judge)
{
    // More than the two structures of today, as the kernel may know longer ones.
    alignas(16) char request[256] = {0};
    alignas(16) char response[256] = {0};
    auto *call = reinterpret_cast<seccomp_notif *>(request);
    auto *reply = reinterpret_cast<seccomp_notif_resp *>(response);
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, call) != 0)
        return; // it was killed meanwhile
    const int error = judge.decide(*call);
    reply->id = call->id;
    reply->error = -error;
    reply->flags = error ? 0 : SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, reply);
}

} // namespace

Notifier::Notifier()
{
    void *page = mmap(nullptr, sizeof(Meeting), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED)
        throw std::runtime_error("mmap");
    meeting_ = static_cast<Meeting *>(page);
}

Notifier::~Notifier()
{
    munmap(meeting_, sizeof(Meeting));
}

void Notifier::install_in_child(const std::vector<int> &calls)
{
    std::vector<sock_filter> filter = make_filter(calls);
    const sock_fprog program = {static_cast<unsigned short>(filter.size()), filter.data()};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    const long fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
    __atomic_store_n(&meeting_->listener, fd < 0 ? -1 : static_cast<int>(fd), __ATOMIC_RELEASE);
    while (fd >= 0 && !__atomic_load_n(&meeting_->taken, __ATOMIC_ACQUIRE))
        sched_yield();
}

int Notifier::take_listener(int pidfd) const
{
    int theirs = 0;
    pollfd death = {pidfd, POLLIN, 0};
    while ((theirs = __atomic_load_n(&meeting_->listener, __ATOMIC_ACQUIRE)) == 0 && poll(&death, 1, 0) == 0)
        sched_yield();
    theirs = theirs ? theirs : -1;
    const int fd = theirs < 0 ? -1 : static_cast<int>(syscall(SYS_pidfd_getfd, pidfd, theirs, 0));
    if (fd < 0)
        throw std::runtime_error("seccomp's user notification is not to be had here");
    __atomic_store_n(&meeting_->taken, 1, __ATOMIC_RELEASE);
    return fd;
}

Notified Notifier::serve(pid_t program, const Plan &plan, int patience_ms)
{
    Notified result;
    Judge judge(program, plan);
    const int pidfd = static_cast<int>(syscall(SYS_pidfd_open, program, 0));
    const int listener = take_listener(pidfd);
    const auto end = Clock::now() + std::chrono::milliseconds(patience_ms);
    while (!result.ended && Clock::now() < end) {
        pollfd fds[2] = {{pidfd, POLLIN, 0}, {listener, POLLIN, 0}};
        if (poll(fds, 2, 100) <= 0)
            continue;
        if (fds[1].revents & POLLIN)
            answer(listener, judge);
        else
            result.ended = (fds[0].revents & POLLIN) != 0;
    }
    result.count = judge.count();
    result.killed_all = judge.killed_all();
    if (listener >= 0)
        close(listener);
    close(pidfd);
    return result;
}

} // namespace fault
