// Kills the worker of a scenario in the states of a recording, and compares what comes of it with an undisturbed run.
#ifndef KILLING_H
#define KILLING_H

#include <optional>

#include "play.h"
#include "recording.h"

// What was found, in all.
struct Count {
    uint64_t instructions = 0; // stepped over
    uint64_t states = 0;       // distinct, between them
    uint64_t kills = 0;        // deaths that were followed to the end
    uint64_t pairs = 0;        // of them, with a second death in the recovery from the first
    uint64_t real = 0;         // of them, of a process that was killed
    uint64_t lost = 0, doubled = 0, leaked = 0;

    void operator+=(const Count &more);
};

class Killing
{
  public:
    explicit Killing(const Scenario &scenario);

    Play &play() { return play_; }
    const Count &count() const { return count_; }
    Count &count() { return count_; }

    // A worker of that epoch starts from the memory as it is, and is watched for all its life, or until it has
    // recovered and opened its processor.
    enum class Until { THE_END, OPENED };

    // In a process of its own, one instruction after the other, by ptrace. `each`: between two of them.
    Recording Step(uint32_t epoch, Until until, const std::function<void(class Stepped &)> &each);

    // In this process, from store to store.
    Recording Trap(uint32_t epoch, Until until);

    // Puts a state back, and the worker of that epoch is dead. What is wrong then; empty: nothing.
    std::string Kill(Recording *recording, size_t state, uint32_t epoch, Meanwhile meanwhile);

    const Outcome &Expected() const { return expected_; } // of the run that nobody disturbs

    // What is wrong with another.
    std::string Compare(const Outcome &got, bool fed_more);

  private:
    void CompareSink(const std::vector<Seen> &got, const std::vector<Seen> &expected, std::string *problem);
    void CompareDropping(const Outcome &got, const Outcome &expected, std::string *problem);

    Play play_;
    Outcome expected_, expected_with_more_;
    Count count_;
};

#endif
