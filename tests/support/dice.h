// Random numbers that a seed repeats: splitmix64.
#ifndef DICE_H
#define DICE_H

#include <cstdint>

class Dice
{
  public:
    explicit Dice(uint64_t seed) : state_(seed) {}

    uint64_t Next()
    {
        state_ += 0x9e3779b97f4a7c15u;
        return Mix(state_);
    }

    uint64_t Below(uint64_t n) { return Next() % n; }
    uint64_t Between(uint64_t least, uint64_t most) { return least + Below(most - least + 1); }
    bool OneIn(uint64_t n) { return Below(n) == 0; }

    // A number as good as random that belongs to `z`.
    static uint64_t Mix(uint64_t z)
    {
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        return z ^ (z >> 31);
    }

  private:
    uint64_t state_;
};

#endif
