// Stops before and after each instruction of this process that stores into some memory.
//
// The memory is made read-only. An instruction that faults on it is let through alone, with the trap flag up, and the
// memory is read-only again before the next one. What lies between two stores runs at full speed: so this visits each
// state of the memory that single-stepping visits, a thousand times as fast.
#ifndef STORE_TRAP_H
#define STORE_TRAP_H

#include <cstdint>
#include <functional>
#include <vector>

#include "stepped.h"
#include "sweep.h"

class StoreTrap
{
  public:
    // Each begins a page, and is taken for whole pages. Both run between two instructions of the code that is trapped,
    // and may write to the memory, as another process would, between Pause() and Resume(). Either may be empty.
    // LOADS: loads stop, too, so even to read the memory both need Pause().
    enum Stops { STORES, LOADS };
    StoreTrap(std::vector<Region> memory, std::function<void()> after_store,
              std::function<void()> before_store = nullptr, Stops stops = STORES);
    StoreTrap(const StoreTrap &) = delete;
    StoreTrap &operator=(const StoreTrap &) = delete;
    ~StoreTrap();

    // False on a machine whose trap flag this file does not know.
    static bool Works();

    // From here on stores are not looked at; they are again.
    void Pause();
    void Resume();

    // As Stepped::AtEachInstruction(), in this process and at full speed: `moment` comes right after a store to the
    // memory, or right before the next. What a process decides it has read in between, so one who does that for each
    // store has come between any look and the store that follows from it.
    static void AtEachStore(const std::vector<Region> &memory, const Stepped::Round &round);

  private:
    struct Handlers;
    friend struct Handlers;

    void Protect(int how) const;

    std::vector<Region> memory_;
    std::function<void()> after_store_, before_store_;
    uintptr_t open_[4] = {}; // pages that the instruction under way may write to
    uint32_t n_open_ = 0;
    int closed_; // how pages are protected that no instruction is under way on
};

#endif
