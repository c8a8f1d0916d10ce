// The best fixed allocation of a scene, by search in the simulator.
#ifndef BEST_H
#define BEST_H

#include "scene.h"

struct Best {
    std::vector<uint32_t> workers;
    double rate = 0; // of a long run with a seed that the search had not used
};

Best best_find(const Scene &scene);

#endif
