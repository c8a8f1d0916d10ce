// Visits every state of shared memory that a kill of a process could leave behind.
//
// The process runs one instruction at a time. A kill stops it at an instruction, and only its stores to shared memory
// outlive it, so two kills with no such store between them leave the same: it is enough to look after each store.
#ifndef SWEEP_H
#define SWEEP_H

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

struct Region {
    void *at;
    size_t bytes;
};

struct SweepHooks {
    // With the memory as a kill after `step` instructions leaves it. What it does to the `kept` regions is undone after
    // it. May be empty.
    std::function<void(uint64_t step)> state;
    // Before the process would sleep on a futex: must make true what it waits for. Not undone. May be empty.
    std::function<void()> before_sleep;
};

struct SweepResult {
    uint64_t steps, states;
    int exit_code; // or -signal
};

// Runs `body` in a forked child from its Stepped::Mark() to its end. `watched`: where a store makes a new state; part
// of `kept`.
SweepResult Sweep(const std::vector<Region> &watched, const std::vector<Region> &kept, const std::function<int()> &body,
                  const SweepHooks &hooks);

// The bytes of regions, to be put back.
class Snapshot
{
  public:
    explicit Snapshot(const std::vector<Region> &regions);
    void Take();
    void PutBack() const;

    // True if the memory is as it was, else takes what changed.
    bool Follow();

  private:
    std::vector<Region> regions_;
    std::vector<std::vector<uint8_t>> bytes_;
};

#endif
