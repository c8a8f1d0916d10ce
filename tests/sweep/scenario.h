// What the worker under test has to do, and beside whom, while it is killed.
#ifndef SCENARIO_H
#define SCENARIO_H

#include <cstdint>
#include <string>
#include <vector>

extern "C" {
#include "pipeline.h"
}

enum class Role { FILTER, PULL, SOURCE, SINK };

// A sibling of the worker's stage, played by the test: where it stands when the worker starts.
enum class Sibling {
    NONE,
    HOLDS_INPUT,  // the consumer end of the stage's ring, until the worker would sleep on it
    HOLDS_OUTPUT, // the producer end of the left ring, likewise
    HAS_A_TURN,   // in an ordered stage, the frame before the worker's
    TAKES_OVER,   // nothing yet: it does what the worker leaves when it retires
    LIVES         // it starts when the worker is dead, in a process of its own
};

struct Scenario {
    const char *name;
    std::vector<std::string> frames = {}; // for a filter or a sink; see mixer.h
    Role role = Role::FILTER;
    uint32_t left_queue = 64, right_queue = 64;
    uint32_t right_port = 1; // 0: both sinks read port 0
    bool ports_meet = false; // the left sink reads port 1 as well
    when_full right_full = WHEN_FULL_BLOCK;
    uint32_t taken_at_once = 2; // by each sink, whenever the worker would sleep
    bool dead_letters = false;  // in a folder; else they are only counted
    bool traced = false;        // it tells a trace of the run what it does
    bool ordered = false;
    uint32_t spans = 2; // the stage's share of memory
    uint64_t room = 0;  // of each frame that it makes
    Sibling sibling = Sibling::NONE;
};

std::ostream &operator<<(std::ostream &to, const Scenario &scenario);

const std::vector<Scenario> &Scenarios();

#endif
