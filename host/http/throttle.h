/* A throttle: how much of a core a service may take over time, so that who is asked too much answers later, and does
 * not take the time from the pipeline. Pure: it is handed the time. */
#ifndef THROTTLE_H
#define THROTTLE_H

#include <stdint.h>

struct throttle {
    uint64_t share_permille; /* of a core, what it gets back while time passes */
    uint64_t rest_ns;        /* what it has to have again, once it is overdrawn */
    uint64_t most_ns;        /* what it can save up */
    int64_t left_ns;         /* below 0: overdrawn */
    uint64_t at_ns;
};

void throttle_begin(struct throttle *b, uint64_t share_permille, uint64_t most_ns, uint64_t rest_ns, uint64_t now_ns);

/* Takes what was used off. Returns when the service may go on: now_ns if it may at once. */
uint64_t throttle_spend(struct throttle *b, uint64_t used_ns, uint64_t now_ns);

#endif
