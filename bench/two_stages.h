/* A pipeline of two stages, described by hand: a sender and a receiver or, in a rally, two that read from each other.
 */
#ifndef TWO_STAGES_H
#define TWO_STAGES_H

#include "duel.h"
#include "segment.h"
#include "shared.h"

enum { SENDER, RECEIVER, STAGES };

struct two_stages {
    struct segment segment;
    struct pipeline pipeline;
    struct stage stages[STAGES];
    struct edge edges[STAGES];
    struct port_description port;
    struct processor_description descriptions[STAGES];
    struct shared end;
    char name[8]; /* of everything that needs one */
};

/* NULL: no memory, which is said on stderr. */
struct two_stages *two_stages_open(const struct load *load);
void two_stages_close(struct two_stages *p);

/* A sender has handed over all it has: the last one ends the stream, as there is no host to do it. */
void two_stages_end(struct two_stages *p);

#endif
