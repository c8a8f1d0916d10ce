// The best fixed allocation of a scene, by search in the simulator: the one for what is after the change.
#ifndef BEST_H
#define BEST_H

#include "scene.h"

struct Best {
    std::vector<uint32_t> workers;
    double rate = 0; // of a run as long as the rule's, with a seed that the search had not used
};

Best best_find(const Scene &scene, double steady_s);

#endif
