// The states that shared memory goes through while a worker runs, to be put back in any order.
#ifndef RECORDING_H
#define RECORDING_H

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "outside.h"
#include "sweep.h"

class Recording
{
  public:
    // Regions that start on a cache line and are whole lines long. State 0 is what they hold now.
    Recording(std::vector<Region> regions, const Outside &outside);

    // Adds a state if memory, or what the world outside has seen, is not as it was in the last one. `at`: which
    // instruction comes next.
    bool Note(uint64_t at, const Outside &outside);

    size_t size() const { return states_.size(); }
    uint64_t at(size_t state) const { return states_[state].at; }
    const Outside &outside(size_t state) const { return states_[state].outside; }

    // The memory as it was in a state. Cheapest in ascending order.
    void PutBack(size_t state);

    // What differs first between two recordings of the same layout; empty: nothing.
    static std::string Difference(const Recording &a, const Recording &b);

  private:
    enum : size_t { LINE = 64 };
    struct Line {
        size_t offset; // in the image
        uint8_t bytes[LINE];
    };
    struct State {
        uint64_t at;
        Outside outside;
        std::vector<Line> lines; // that differ from the state before
    };

    std::vector<Line> Follow(); // what changed since the last state, which image_ holds

    std::vector<Region> regions_;
    std::vector<uint8_t> first_, last_, shown_; // images, the regions one after the other: of state 0, of the last
    size_t shown_state_ = 0;                    // that shown_ holds
    std::vector<State> states_;
};

#endif
