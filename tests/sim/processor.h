// The processor of all simulated stages: moves numbered frames, and counts them in the state that commits with them.
#ifndef SIM_PROCESSOR_H
#define SIM_PROCESSOR_H

#include <micropipe/processor.h>

#include "plan.h"

enum : uint32_t { FRAMES_MAX = 64 };

struct Counts {
    uint32_t made, last_plus_1, out_of_order, pad;
    uint8_t seen[FRAMES_MAX];
};

// Of one worker; `shared` of its stage's processor is the first of its stage's.
struct Hands {
    const Part *part;
    uint32_t frames;
    Counts *counts;
    uint32_t n_kept;
    mpipe_frame *kept[8];
};

extern "C" const mpipe_processor sim_source, sim_filter;

#endif
