#include "killer.h"

#include <algorithm>
#include <csignal>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace soak
{

namespace
{

// Shares of what is drawn.
constexpr double SERVERS = 0.1, STOPS = 0.2, SEGVS = 0.2, ABRTS = 0.2, UNTIL_DEADLINE = 0.3;

// A worker that is stopped with no frame in hand has no deadline: it is continued after all.
constexpr std::chrono::milliseconds LONGEST_STOP(4000);

int number_of(const std::string &signal)
{
    return signal == "SEGV" ? SIGSEGV : signal == "ABRT" ? SIGABRT : signal == "STOP" ? SIGSTOP : SIGKILL;
}

void send(int pidfd, int signal)
{
    syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0);
}

bool is_gone(int pidfd)
{
    pollfd one = {pidfd, POLLIN, 0};
    return poll(&one, 1, 0) == 1;
}

} // namespace

Killer::~Killer()
{
    for (const Victim &v : victims_)
        close(v.pidfd);
}

// Without progress, five deaths that come from no SIGKILL are the end of a stage, rightly: so none who has not
// committed anything since its last such death gets another.
bool Killer::may_look_broken(const Process &p)
{
    uint64_t now = 0;
    if (p.is_worker && !p.is_named())
        return false;
    if (p.is_worker)
        now = mirror_.transactions(p.stage(), p.number());
    else
        for (const Process &worker : descendants(host_))
            now += worker.parent == p.pid && worker.is_named() ? mirror_.transactions(p.name, worker.number()) : 0;
    auto [last, first] = progress_.try_emplace(p.name, now);
    bool moved = first || now > last->second;
    if (moved)
        last->second = now;
    return moved;
}

// Its workers die with it, whatever else was in store for them.
void Killer::take_along(const Process &server)
{
    for (const Process &p : descendants(host_))
        taken_ += p.parent == server.pid;
    explained_[server.name] += mirror_.slots_of(server.name); // those too that it was about to fork
    for (Victim &v : victims_)
        if (v.process.parent == server.pid && v.signal == "STOP")
            v.signal = "";
}

void Killer::kill_now(const Process &p, std::string signal)
{
    int pidfd = static_cast<int>(syscall(SYS_pidfd_open, p.pid, 0));
    if (pidfd < 0)
        return;
    if (p.is_worker)
        explained_[p.stage()]++;
    else
        take_along(p);
    send(pidfd, number_of(signal));
    victims_.push_back({pidfd, p, std::move(signal), false, Clock::time_point::max()});
}

void Killer::stop(const Process &p)
{
    int pidfd = static_cast<int>(syscall(SYS_pidfd_open, p.pid, 0));
    if (pidfd < 0)
        return;
    bool until_deadline = p.is_worker && uniform() < UNTIL_DEADLINE &&
                          std::none_of(victims_.begin(), victims_.end(), [](const Victim &v) { return v.stopped; });
    auto how_long = until_deadline ? LONGEST_STOP : std::chrono::milliseconds(1 + random_() % 80);
    send(pidfd, SIGSTOP);
    victims_.push_back({pidfd, p, "STOP", true, Clock::now() + how_long});
}

bool Killer::strike()
{
    std::vector<Process> servers, workers;
    for (Process &p : descendants(host_)) {
        bool is_victim =
            std::any_of(victims_.begin(), victims_.end(), [&](const Victim &v) { return v.process.pid == p.pid; });
        bool is_orphan = !p.is_worker && p.is_named(); // a worker whose server has just died: on its way out as well
        if (!is_victim && !is_orphan && mirror_.has_stage(p.stage())) // a server has no name of its own yet
            (p.is_worker ? workers : servers).push_back(std::move(p));
    }
    const auto &drawn = uniform() < SERVERS ? servers : workers;
    if (drawn.empty())
        return false;
    const Process &p = drawn[random_() % drawn.size()];
    double kind = uniform();
    if (kind < STOPS)
        stop(p);
    else if (kind < STOPS + SEGVS + ABRTS && may_look_broken(p))
        kill_now(p, kind < STOPS + SEGVS ? "SEGV" : "ABRT");
    else
        kill_now(p, "KILL");
    return true;
}

void Killer::attend()
{
    auto now = Clock::now();
    for (size_t i = 0; i < victims_.size();) {
        Victim &v = victims_[i];
        bool gone = is_gone(v.pidfd), let_go = !gone && v.stopped && now >= v.continue_at;
        if (gone && !v.signal.empty())
            deaths_[{v.process.is_worker ? "worker" : "server", v.signal}]++;
        if (gone && v.signal == "STOP")
            explained_[v.process.stage()]++;
        if (let_go) {
            send(v.pidfd, SIGCONT);
            continued_++;
        }
        if (gone || let_go) {
            close(v.pidfd);
            victims_.erase(victims_.begin() + static_cast<long>(i));
        } else {
            i++;
        }
    }
}

void Killer::have_mercy()
{
    for (Victim &v : victims_)
        if (v.stopped)
            v.continue_at = Clock::now();
    attend();
}

uint64_t Killer::total(const std::string &role) const
{
    uint64_t n = 0;
    for (const auto &[of, count] : deaths_)
        n += of.first == role ? count : 0;
    return n;
}

uint64_t Killer::explained(const std::string &stage) const
{
    auto found = explained_.find(stage);
    return found == explained_.end() ? 0 : found->second;
}

} // namespace soak
