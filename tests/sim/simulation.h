// One seed's run: the simulated machine, a pipeline on it, the host's part, and what must be true at the end.
#ifndef SIM_SIMULATION_H
#define SIM_SIMULATION_H

#include <cstdint>
#include <string>

// Bugs to plant.
enum class Plant { NONE, LOSE_WAKES, SKIP_SETTLEMENT };

struct Outcome {
    std::string wrong; // empty: all is well
    uint64_t digest = 0, points = 0, virtual_ns = 0;
    uint32_t deaths = 0, frames = 0, restarts = 0;
};

Outcome Simulate(uint64_t seed, Plant plant, bool trace);

#endif
