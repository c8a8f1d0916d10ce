// Traffic through real rings, slots and memory: sources make numbered frames, filters pass them on, sinks look at each
// byte. The workers are threads on one mapping, so that the thread sanitizer sees both ends of each ring, or processes.
//
// The seed decides what each worker does; who runs when is up to the machine, so a seed repeats the work and not the
// interleaving.
#ifndef TRAFFIC_H
#define TRAFFIC_H

#include <cstdint>
#include <iosfwd>
#include <string>

enum class As { THREADS, PROCESSES };

struct Traffic {
    uint64_t seed = 1;
    uint32_t queue = 64; // frames that each ring takes
    uint32_t sources = 1, filters = 1, sinks = 1;
    bool ordered = false;    // the filters
    uint32_t frames = 1000;  // of each source
    uint32_t batch = 32;     // frames that a worker hands over or claims at once, at most
    uint64_t size = 64;      // bytes of a payload, at most; large ones are rare
    uint32_t stall_each = 0; // a worker stalls after so many batches; 0: never
    uint32_t spins = 0;      // looks that a worker waits before it sleeps

    static Traffic OfSeed(uint64_t seed);
};
std::ostream &operator<<(std::ostream &to, const Traffic &traffic);

struct Passed {
    uint64_t operations = 0; // descriptors put into a ring, and taken from one
    uint64_t sleeps = 0;     // of workers that found nothing in their ring
};

// Runs it to its end. What went wrong: a frame that was lost, doubled, changed or out of its source's order, a worker
// that failed, a block or span that is still held, a ring that is not empty. Nothing: "".
std::string RunTraffic(const Traffic &traffic, As as, Passed *passed = nullptr);

#endif
