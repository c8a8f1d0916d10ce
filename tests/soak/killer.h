// Who kills: draws a process and a signal, remembers what it did to whom, and counts who died of it.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "mirror.h"
#include "vitals.h"

namespace soak
{

using Clock = std::chrono::steady_clock;

class Killer
{
  public:
    Killer(pid_t host, const Mirror &mirror, uint64_t seed) : host_(host), mirror_(mirror), random_(seed) {}
    ~Killer();
    Killer(const Killer &) = delete;
    Killer &operator=(const Killer &) = delete;

    // Sends one signal to one process. False: there is nobody to send it to now.
    bool strike();

    // Continues who was stopped for long enough, and counts who is gone. To be called often.
    void attend();

    // Lets everybody go on who is stopped.
    void have_mercy();
    bool is_waiting() const { return !victims_.empty(); } // for a death that must come

    // Deaths by role, "worker" or "server", and signal: KILL, SEGV, ABRT, and STOP for who was stopped until the host
    // found that a frame took too long.
    const std::map<std::pair<std::string, std::string>, uint64_t> &deaths() const { return deaths_; }
    uint64_t total(const std::string &role) const;
    uint64_t continued() const { return continued_; } // stopped and continued
    uint64_t taken_along() const { return taken_; }   // workers that were there when their server died

    // Deaths of a stage's workers that are explained: by a signal to one of them, or by that of their server.
    uint64_t explained(const std::string &stage) const;

  private:
    struct Victim {
        int pidfd;
        Process process;
        std::string signal; // that it dies of; "" if its server took it along
        bool stopped;
        Clock::time_point continue_at;
    };

    void kill_now(const Process &p, std::string signal);
    void stop(const Process &p);
    void take_along(const Process &server);
    bool may_look_broken(const Process &p);
    double uniform() { return std::uniform_real_distribution<double>(0, 1)(random_); }

    pid_t host_;
    const Mirror &mirror_;
    std::mt19937_64 random_;
    std::vector<Victim> victims_;
    std::map<std::string, uint64_t> progress_; // by process: transactions when it last seemed to have broken by itself
    std::map<std::pair<std::string, std::string>, uint64_t> deaths_;
    std::map<std::string, uint64_t> explained_;
    uint64_t continued_ = 0, taken_ = 0;
};

} // namespace soak
