// A worker of such traffic: its transactions, and the choices that its dice make.
#ifndef HAULER_H
#define HAULER_H

#include <cstdint>

#include "dice.h"
#include "traffic.h"
#include "world.h"

enum : uint32_t { SOURCE, FILTER, SINK };

// What a worker has to say when it is done. In memory that all share, a worker each.
struct alignas(64) Account {
    uint64_t operations, sleeps;
    uint64_t frames;    // a sink: that it took
    uint64_t not_whole; // a sink: frames that are not what their source made
    uint64_t disorder;  // a sink: frames that came after a later one of the same source
};

class Hauler
{
  public:
    // `seen`: a sink's, a bit a frame of each source.
    Hauler(const World &world, const Traffic &traffic, uint32_t stage, uint32_t number, Account *account,
           uint8_t *seen);
    Hauler(const Hauler &) = delete;
    Hauler &operator=(const Hauler &) = delete;
    ~Hauler();

    void Source();
    void Filter();
    void Sink();

  private:
    void Commit(uint32_t settle);
    void Stall();
    bool Claim();
    void TakeBlock(uint64_t bytes, descriptor *d);
    void Create(uint64_t sequence);
    void Check(const descriptor &d, uint64_t *last);
    event *Freed() const { return &t_.segment->stages[t_.stage].memory->freed; }

    const Traffic &traffic_;
    uint32_t number_;
    Account *account_;
    uint8_t *seen_;
    Dice dice_;
    transaction t_;
};

#endif
