// Random numbers that are the same on every machine: xorshift128+, seeded by splitmix64.
#ifndef RANDOM_H
#define RANDOM_H

#include <cmath>
#include <cstdint>

class Random
{
  public:
    explicit Random(uint64_t seed)
    {
        for (uint64_t &word : state_) {
            seed += 0x9e3779b97f4a7c15;
            uint64_t z = (seed ^ (seed >> 30)) * 0xbf58476d1ce4e5b9;
            z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
            word = z ^ (z >> 31);
        }
    }

    // In [0, 1).
    double Unit()
    {
        uint64_t a = state_[0], b = state_[1];
        state_[0] = b;
        a ^= a << 23;
        state_[1] = a ^ b ^ (a >> 18) ^ (b >> 5);
        return static_cast<double>((state_[1] + b) >> 11) * 0x1p-53;
    }
    bool Chance(double p) { return Unit() < p; }
    double Between(double low, double high) { return low + Unit() * (high - low); }
    // Of each order of magnitude as often.
    double Logarithmic(double low, double high) { return low * std::exp(Unit() * std::log(high / low)); }
    uint32_t Whole(uint32_t low, uint32_t high) // both may come
    {
        return low + static_cast<uint32_t>(Unit() * (high - low + 1));
    }
    // Mean 1, standard deviation `cv`, at most 1.
    double Noise(double cv) { return 1 - cv - cv * std::log(1 - Unit()); }

  private:
    uint64_t state_[2];
};

#endif
