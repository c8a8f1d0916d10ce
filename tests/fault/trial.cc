#include "trial.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <grp.h>
#include <map>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sstream>
#include <stdexcept>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "allocfault.h"
#include "notifier.h"

namespace fault
{

namespace
{

constexpr int kPatienceMs = 20000; // no trial that works takes a twentieth of it

// A file in memory, to be inherited, that holds what a process writes.
class Capture
{
  public:
    Capture() : fd_(memfd_create("capture", MFD_CLOEXEC)) {}
    ~Capture() { close(fd_); }
    Capture(const Capture &) = delete;
    Capture &operator=(const Capture &) = delete;
    int fd() const { return fd_; }
    std::string text() const
    {
        std::string text(static_cast<size_t>(lseek(fd_, 0, SEEK_END)), '\0');
        text.resize(static_cast<size_t>(std::max<ssize_t>(0, pread(fd_, &text[0], text.size(), 0))));
        return text;
    }

  private:
    int fd_;
};

// The page that is shared with allocfault.so.
class AllocationPage
{
  public:
    explicit AllocationPage(const Plan &plan) : fd_(memfd_create("allocfault", 0))
    {
        if (ftruncate(fd_, sizeof(allocfault)) != 0)
            throw std::runtime_error("ftruncate");
        page_ =
            static_cast<allocfault *>(mmap(nullptr, sizeof(allocfault), PROT_READ | PROT_WRITE, MAP_SHARED, fd_, 0));
        if (page_ == MAP_FAILED)
            throw std::runtime_error("mmap");
        page_->role = static_cast<uint32_t>(plan.role);
        page_->sticky = plan.sticky;
        page_->n = plan.n;
    }
    ~AllocationPage()
    {
        munmap(page_, sizeof(allocfault));
        close(fd_);
    }
    AllocationPage(const AllocationPage &) = delete;
    AllocationPage &operator=(const AllocationPage &) = delete;
    int fd() const { return fd_; }
    uint64_t count() const { return __atomic_load_n(&page_->count, __ATOMIC_RELAXED); }

  private:
    int fd_;
    allocfault *page_ = nullptr;
};

std::vector<pid_t> children()
{
    std::vector<pid_t> pids;
    std::ifstream file("/proc/self/task/" + std::to_string(gettid()) + "/children");
    for (pid_t pid; file >> pid;)
        pids.push_back(pid);
    return pids;
}

std::string process_name(pid_t pid)
{
    std::string name;
    std::getline(std::ifstream("/proc/" + std::to_string(pid) + "/comm"), name);
    return name;
}

// We are the subreaper: what outlives the program is ours.
std::vector<std::string> bury_leftovers()
{
    std::vector<std::string> names;
    for (std::vector<pid_t> pids; !(pids = children()).empty();)
        for (pid_t pid : pids) {
            names.push_back(process_name(pid));
            kill(pid, SIGKILL);
            waitpid(pid, nullptr, 0);
        }
    return names;
}

[[noreturn]] void become_program(const std::string &folder, const std::vector<std::string> &arguments, const Plan &plan,
                                 int out, int err, Notifier &notifier)
{
    std::vector<char *> argv = {const_cast<char *>(MICROPIPE_PROGRAM)};
    for (const std::string &a : arguments)
        argv.push_back(const_cast<char *>(a.c_str()));
    argv.push_back(nullptr);
    const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (chdir(folder.c_str()) != 0 || dup2(null, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0)
        _exit(Outcome::kNotStarted);
    notifier.install_in_child(plan.calls);
    for (size_t i = 0; i + 1 < plan.limits.size(); i += 2) {
        const rlimit limit = {static_cast<rlim_t>(plan.limits[i + 1]), static_cast<rlim_t>(plan.limits[i + 1])};
        if (setrlimit(static_cast<__rlimit_resource>(plan.limits[i]), &limit) != 0)
            _exit(Outcome::kNotStarted + 1);
    }
    if (plan.user && (setgroups(0, nullptr) != 0 || setresuid(plan.user, plan.user, plan.user) != 0))
        _exit(Outcome::kNotStarted + 2);
    execv(argv[0], argv.data());
    _exit(Outcome::kNotStarted + 3);
}

} // namespace

const char *role_name(Role role)
{
    static const char *const names[] = {"host", "scanner", "server", "worker"};
    return names[static_cast<int>(role)];
}

Outcome run_trial(const std::string &folder, const std::vector<std::string> &arguments, const Plan &plan)
{
    Outcome o;
    Capture out, err;
    AllocationPage page(plan);
    Notifier notifier;
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    if (plan.calls.empty()) {
        setenv("LD_PRELOAD", ALLOCFAULT_LIBRARY, 1);
        setenv(ALLOCFAULT_ENV, std::to_string(page.fd()).c_str(), 1);
    } else {
        fcntl(page.fd(), F_SETFD, FD_CLOEXEC);
    }
    const pid_t pid = fork();
    if (pid == 0)
        become_program(folder, arguments, plan, out.fd(), err.fd(), notifier);
    unsetenv("LD_PRELOAD");
    unsetenv(ALLOCFAULT_ENV);
    if (pid < 0)
        throw std::runtime_error("fork");
    const Notified seen = notifier.serve(pid, plan, kPatienceMs);
    o.hung = !seen.ended;
    if (o.hung)
        kill(pid, SIGKILL);
    int status = 0;
    waitpid(pid, &status, 0);
    o.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    o.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    o.leftovers = bury_leftovers();
    o.count = plan.calls.empty() ? page.count() : seen.count;
    o.killed_all = seen.killed_all;
    o.failed = plan.n > 0 && o.count >= plan.n;
    o.output = out.text();
    o.errors = err.text();
    return o;
}

std::string describe(const Outcome &o)
{
    std::ostringstream text;
    text << (o.hung ? "hung; " : "") << (o.killed_all ? "called kill(-1); " : "") << "exit code " << o.exit_code;
    if (o.signal)
        text << ", signal " << strsignal(o.signal);
    for (const std::string &name : o.leftovers)
        text << ", left behind: " << name;
    text << "\n--- stdout ---\n" << o.output << "--- stderr ---\n" << o.errors;
    return text.str();
}

} // namespace fault
