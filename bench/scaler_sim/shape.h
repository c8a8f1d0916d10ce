// The shape of a simulated pipeline: its stages, what their frames cost, what they share.
#ifndef SHAPE_H
#define SHAPE_H

#include <cstdint>
#include <vector>

#include "random.h"

extern "C" {
#include "model.h"
}

struct StageShape {
    double cpu_s, wait_s;   // a frame, on average
    double noise = 0;       // standard deviation of both, as a share
    double selectivity = 1; // frames out for one in
    uint32_t max = 1;
    uint32_t ring = 8;   // frames before it
    uint32_t device = 0; // the wait is for something that serves so many at once; 0: any number
    double crowding = 0; // CPU a frame grows by this share as the stage fills the cores: shared caches, bandwidth
    bool ordered = false;
    double warm_up_s = 0;          // CPU that a new worker takes before its first frame
    uint64_t bytes = 0;            // memory of a worker
    std::vector<uint32_t> feeders; // empty: the source
};

// A source that has input for a while, and then none.
struct Bursts {
    double on_s = 0, off_s = 0; // 0: always on
};

struct Shape {
    uint64_t seed = 0;
    double cores = 1;
    uint64_t memory = UINT64_MAX;
    Bursts bursts;
    std::vector<StageShape> stages;
    double services = 0; // frames finished a second, over all stages, of the best allocation, about

    // Frames of each stage for one of the source.
    std::vector<double> Visits() const;
    std::vector<uint32_t> Readers(uint32_t stage) const;
    // The scaler's model, with the true costs.
    model Model() const;
    uint64_t Bytes(const std::vector<uint32_t> &workers) const;
};

// A random pipeline; the same for the same seed and cores.
Shape shape_make(uint64_t seed, double cores);

#endif
