// A pipeline without chance: each stage works at the rate that its workers, the cores and the ring before it allow, and
// the counters say so exactly. Its workers are there at once.
#ifndef FLUID_H
#define FLUID_H

extern "C" {
#include "clock.h"
#include "scaler.h"
}

#include <vector>

struct FluidStage {
    double cpu_s = 0.01, wait_s = 0; // a frame
    uint32_t max = 100;
    uint64_t bytes = 0;
    double ratio = 1;     // frames that arrive for one that the feeders finish
    uint64_t feeders = 0; // 0: the stage before
    uint32_t device = 0;  // serves so many frames at once; 0: any number
};

class Fluid
{
  public:
    Fluid(double cpus, std::vector<FluidStage> stages);

    // One tick of half a second, and what the scaler made of it.
    const scaler_verdict &Tick();
    // Ticks for so long; the decisions on the way.
    std::vector<scaler_decision> Run(double seconds);

    // Frames of the source a second that the present numbers give.
    double Rate() const;
    uint32_t Workers(uint32_t stage) const { return scaler_workers(&scaler_, stage); }
    uint64_t Bytes() const;
    const scaler_verdict &Verdict() const { return verdict_; }

    std::vector<FluidStage> stages;
    double cpus;
    uint64_t memory = UINT64_MAX;
    double source_share = 1; // of what it could give

  private:
    double Visits(uint32_t stage) const;
    double Wait(uint32_t stage) const;

    scaler scaler_;
    observation seen_ = {};
    scaler_verdict verdict_ = {};
    uint64_t now_ = 1000 * NS_PER_S;
};

#endif
