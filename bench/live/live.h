// A pipeline that runs beside this process, and what its control socket says of it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <sys/types.h>
#include <vector>

#include "temp_folder.h"

// At one instant.
struct Instant {
    double at_s = 0; // since the start
    std::map<std::string, uint64_t> out;
    std::map<std::string, uint32_t> workers;
    std::string limit;
};

class Live
{
  public:
    // Starts it; `settings` as for --set. Throws if it does not come up.
    Live(const std::string &file, const std::vector<std::string> &settings);
    ~Live(); // kills it
    Live(const Live &) = delete;
    Live &operator=(const Live &) = delete;

    Instant look() const;

    // Sleeps until it has run for so long, and looks.
    Instant at(double seconds) const;

    // Frames a second out of a stage, between two instants of its life.
    double rate(const std::string &stage, double from_s, double to_s) const;

    // Gives a stage so many workers, and waits until it has them.
    void scale(const std::string &stage, uint32_t workers) const;
    void order(const std::string &stage, uint32_t workers) const; // does not wait

    // CPU time of all its processes so far, seconds.
    double cpu_s() const;

    pid_t pid() const { return pid_; }
    const std::string &name() const { return name_; }

  private:
    pid_t pid_ = -1;
    std::string name_;
};

// Where everything of this bench is, gone at its end. XDG_RUNTIME_DIR points there.
class Folder : public harness::TempFolder
{
  public:
    Folder();
};
