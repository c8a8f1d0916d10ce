// One run of the soak: the pipeline, who kills its processes, and the judgement.
#pragma once

#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "foreman.h"
#include "killer.h"
#include "mirror.h"
#include "vitals.h"

namespace soak
{

struct Plan {
    double seconds = 60;
    uint64_t seed = 1;
    double strikes = 11; // signals a second
    double scalings = 4; // changes of a stage's number of workers, a second
    double rate = 5000;  // frames a second
    std::string program, packs;
};

// What was found while the pipeline was at rest.
struct Rest {
    double at = 0; // seconds since the start
    Vitals vitals;
    Holdings holdings;
    uint64_t frames = 0, kept = 0;
};

class Trial
{
  public:
    explicit Trial(const Plan &plan);
    ~Trial();
    Trial(const Trial &) = delete;
    Trial &operator=(const Trial &) = delete;

    void run();
    bool print() const; // to the standard output. True: no violation

  private:
    void start();
    void disturb(double until);
    void rest();
    bool comes_to_rest();
    void look_around(Rest &found);
    void finish();
    void judge_books(const ledger *join, const ledger *tail, uint64_t made, uint64_t kept);
    void judge_lane(const char *name, const lane &l, bool ordered, uint64_t made, uint64_t kept);
    void judge_drift();
    void judge_summary();
    void violation(const std::string &what);
    bool host_is_over();
    double elapsed() const { return std::chrono::duration<double>(Clock::now() - started_).count(); }
    std::string in_folder(const std::string &name) const { return folder_ + "/" + name; }

    Plan plan_;
    std::string folder_;
    pid_t host_ = -1;
    int status_ = 0;
    bool over_ = false;
    Clock::time_point started_;
    double longest_gap_ = 0; // that the driver itself did not run, s: then deadlines may pass
    std::unique_ptr<Mirror> mirror_;
    std::unique_ptr<Killer> killer_;
    Foreman foreman_;
    std::vector<Rest> rests_;
    std::vector<std::string> violations_;
};

} // namespace soak
