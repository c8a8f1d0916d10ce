/* micropipe dead replay: a run of the part of a pipeline behind the stages that refused frames, with the letters for
 * its sources. */
#ifndef DEAD_REPLAY_H
#define DEAD_REPLAY_H

#include "configuration.h"
#include "log.h"

struct replay_wishes {
    char *folder;           /* of the letters */
    const char *stage;      /* only those of this stage; NULL: all */
    const char *const *set; /* the overrides of the configuration */
    size_t n_set;
    int same_output; /* 1: sinks may write where the configuration says */
    int quiet;
};

/* The exit code. */
int dead_replay(const struct replay_wishes *w, const struct configuration *c, FILE *err);

#endif
