// The two ends of a bare ring, and nothing else: producers and consumers of descriptors, as threads on one mapping, in
// batches of all sizes, with the owner words, waits and wakes that transactions use.
#ifndef ENDS_H
#define ENDS_H

#include <cstdint>
#include <iosfwd>
#include <string>

struct Ends {
    uint32_t capacity;
    uint32_t producers, consumers; // one of either keeps its end from the first batch to the last
    uint32_t batch;                // at most
    uint64_t each;                 // descriptors of each producer

    // Into the ring and out of it.
    uint64_t Operations() const { return 2 * producers * each; }
};
std::ostream &operator<<(std::ostream &to, const Ends &ends);

// What went wrong: descriptors lost, doubled, or not in their producer's order, an end that is owned. Nothing: "".
std::string RunEnds(const Ends &ends);

#endif
