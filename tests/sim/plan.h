// What a seed decides before anything runs: the pipeline, its memory, and the faults.
#ifndef SIM_PLAN_H
#define SIM_PLAN_H

#include <cstdint>
#include <string>
#include <vector>

#include "machine.h"
#include "world.h"

// CHILD makes a frame of each; RESHAPE makes two before it emits the second, so that it holds memory while it wants
// more.
enum class Role { SOURCE, FORWARD, CHILD, RESHAPE, KEEP, SINK };

struct Part {
    Role role;
    StageSpec spec;
    uint64_t room = 64;  // bytes of a frame that it makes
    uint32_t kept = 0;   // frames that it keeps before it passes them on
    uint64_t poison = 0; // each so many'th frame kills its worker; 0: none
    uint32_t first_frame = 0;
    uint64_t paths_to_sinks = 0;
};

struct Plan {
    explicit Plan(uint64_t seed);
    std::string Text() const;

    std::vector<Part> parts;
    std::vector<EdgeSpec> edges;
    uint32_t frames = 0; // of each source
    uint32_t n_sources = 1;
    uint32_t deaths = 0, pauses = 0, retires = 0;
    uint64_t mean_run = 1;
    bool keeps_order = false; // at its sinks

  private:
    uint32_t Add(Role role, Dice &dice);
    void Connect(uint32_t from, uint32_t to, when_full full = WHEN_FULL_BLOCK)
    {
        edges.push_back({from, 0, to, 0, full, false});
    }
    uint32_t Middle(uint32_t from, Dice &dice);
    void MarkCopies();
    void Count();
};

#endif
