// The best fixed allocation of a scene, by search in the simulator: the one for what is after the change.
#ifndef BEST_H
#define BEST_H

#include "scene.h"

struct Best {
    std::vector<uint32_t> workers;
    double rate = 0; // of runs as long as the rule's, with seeds that the search had not used
};

// The mean of so many runs.
Best best_find(const Scene &scene, double steady_s, uint32_t runs);

// What it gives in these.
double best_rate(const Scene &scene, const std::vector<uint32_t> &workers, double steady_s, uint32_t runs);

#endif
