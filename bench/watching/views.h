// All views of a running pipeline at once, as a user would have them open.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include <sys/types.h>

// top in a terminal, the page's event stream, a scrape of /metrics a second, and a tap; until it goes.
class Views
{
  public:
    Views(const std::string &pipeline, const std::string &tapped, uint16_t port);
    ~Views();
    Views(const Views &) = delete;
    Views &operator=(const Views &) = delete;

    // Throws if one of them was not open all the time.
    void check() const;

  private:
    void read_terminal();
    void read_events(uint16_t port);
    void scrape(uint16_t port);

    int wake_[2];       // closed at the end, for all that wait
    int terminal_ = -1; // the other side of top's
    pid_t top_ = -1, tap_ = -1;
    std::atomic<uint64_t> screen_bytes_{0}, events_{0}, scrapes_{0};
    std::vector<std::thread> threads_;
};
