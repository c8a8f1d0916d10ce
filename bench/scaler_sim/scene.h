// A scene: a pipeline, and what happens to it while it runs.
#ifndef SCENE_H
#define SCENE_H

#include <functional>

#include "engine.h"
#include "rule.h"

enum class Change { NONE, DEARER, CHEAPER, HALF_CORES, BURSTS };

struct Scene {
    Shape shape; // Bursts in it are on from the start
    Change change = Change::NONE;
    double change_s = 60;
    uint32_t stage = 0; // DEARER, CHEAPER
    double factor = 1;
};

// The pipeline of this seed, with what changes in it.
Scene scene_make(uint64_t seed, double cores, Change change);

// As it is once the change is made.
Shape scene_after(const Scene &scene);

// Runs the engine to `end_s`, with the source going on and off, the change made, and `tick` each half second.
void scene_run(const Scene &scene, Engine &engine, double end_s, const std::function<void()> &tick);

// What a rule made of a scene.
struct Outcome {
    double rate = 0;               // of the source, after the first minute, or from 15 s after the change on
    double rate_at_once = 0;       // from the change on
    double rate_90_s = 0;          // until 90 % of that rate was reached, over 2 s
    uint32_t decisions = 0;        // ticks that changed something, in the first minute
    uint32_t reversals = 0;        // changes of direction of a stage, after that
    bool passed_memory = false;    // asked for more than there is
    std::vector<uint32_t> workers; // in the end
};

// For `steady_s` after the first minute; where the source goes on and off, whole cycles of that. Each run has other
// random numbers.
Outcome scene_play(const Scene &scene, RuleKind kind, double steady_s, bool log, uint32_t run = 0);

// The same with a fixed allocation, with the change made from the start: what it stored in rings before would count as
// its rate.
Outcome scene_play_fixed(const Scene &scene, const std::vector<uint32_t> &workers, double steady_s, uint32_t run);

// The rate that a fixed allocation keeps up, once the change is made: that of its slowest stage, so frames that only
// fill rings do not count. Of `services` frames over all stages, or more.
double scene_rate(const Scene &scene, const std::vector<uint32_t> &workers, double services, uint64_t seed);

#endif
