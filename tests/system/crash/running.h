// A pipeline that runs as a user runs it: the program as a child process, in a folder of its own that goes with it.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <random>
#include <set>
#include <string>
#include <sys/types.h>
#include <vector>

namespace crash
{

// A temporary folder, removed with all in it.
class Folder
{
  public:
    Folder();
    ~Folder();
    Folder(const Folder &) = delete;
    Folder &operator=(const Folder &) = delete;
    const std::string &path() const { return path_; }
    std::string operator/(const std::string &name) const { return path_ + "/" + name; }

  private:
    std::string path_;
};

std::string read_file(const std::string &path);
void write_file(const std::string &path, const std::string &text);

// A descendant of the program: a worker is called after its stage and its number, "decode/0", a stage server after its
// stage.
struct Process {
    pid_t pid;
    std::string name;
};

// Figures of one stage, from the summary.
struct Stage {
    std::map<std::string, long long> figures; // "in", "out", "dropped", "dead", "in_flight", "restarts", ...
    long long operator[](const std::string &name) const { return figures.at(name); }
};

struct Result {
    int exit_code = -1; // -1: it was killed by a signal
    std::string output, errors, outcome, reason;
    std::map<std::string, Stage> stages;
};

// `micropipe run ARGUMENTS... --json --quiet`, started in a folder.
class Running
{
  public:
    Running(const Folder &folder, const std::vector<std::string> &arguments);
    ~Running(); // kills it if it still runs
    Running(const Running &) = delete;
    Running &operator=(const Running &) = delete;

    pid_t pid() const { return pid_; }
    std::vector<Process> workers() const;     // of all stages, alive now
    std::vector<Process> descendants() const; // with the stage servers
    bool is_over();

    // Waits until the condition holds or the program is over. False: it is over.
    bool wait_until(const std::function<bool()> &condition);

    // Kills a worker, drawn by the weight of its stage, with SIGKILL, every `period`, until the program ends. Returns
    // how many.
    int kill_workers(std::chrono::milliseconds period, uint32_t seed,
                     const std::function<double(const std::string &)> &weight);

    // Which workers kill_workers() has killed, each once, by stage.
    const std::map<std::string, std::set<pid_t>> &killed() const { return killed_; }

    // Waits for the end, and reads the summary.
    Result finish();

  private:
    const Folder &folder_;
    pid_t pid_ = -1;
    int status_ = -1;
    bool reaped_ = false;
    std::map<std::string, std::set<pid_t>> killed_;
};

// A weight for kill_workers(): all alike.
double anybody(const std::string &stage);

// in = out + dropped + dead + in_flight for every stage, and nothing is in flight: empty, or what is wrong.
std::string broken_identity(const Result &result);

// A stage has restarts that no kill of its own workers explains: empty, or which one. A worker that was killed when it
// had nothing left to do needs no successor, so fewer are right.
std::string unexplained_restarts(const Result &result, const Running &run);

// What debug.checksum wrote, without the digest that depends on the order.
std::string unordered_digest(const std::string &path);

// How much work a test gives, so that it takes about as long in a build that is slowed down by its checks.
long long scaled(long long frames);

// Time between two kills: long enough that a worker of such a build can start and do something in between.
std::chrono::milliseconds scaled(std::chrono::milliseconds period);

} // namespace crash
