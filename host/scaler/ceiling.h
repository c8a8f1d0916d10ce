/* A ceiling: how many workers of a stage are of use, as found by trying. More workers do not help a stage that waits
 * for a device, a lock or a service that serves only so many at once: each frame just takes longer.
 *
 * That is seen when the stage was raised and its waiting a frame grew as its busy workers did. Where it grew far more,
 * or the CPU time grew with it, the frames have become dearer in the same moment. A dearer service may still look
 * alike, so a ceiling is a suspicion: it ends after a while, longer each time that it is confirmed, and at once when
 * the stage gives less after it was lowered to it, or more when more are tried again.
 */
#ifndef CEILING_H
#define CEILING_H

#include <stdint.h>

/* How a stage was seen to work. */
struct level {
    double frames;        /* that say so */
    double busy;          /* workers in the processor, on average, less those that wait for a core */
    double cpu_s, wait_s; /* a frame */
    double turn;          /* workers that wait for their turn, on average; not used of what was before */
};

struct ceiling {
    uint32_t workers; /* 0: none */
    double rate;      /* frames a second that they give, whatever a frame takes */
    uint32_t found;   /* times in a row */
    uint32_t refuted; /* times */
    uint64_t until_ns;
    uint64_t doubted_until_ns; /* none is believed */
};

enum ceiling_finding { CEILING_NOT_SEEN, CEILING_NEW, CEILING_RAISED };

/* What a raise from `before` to `after` says. */
enum ceiling_finding ceiling_learn(struct ceiling *c, const struct level *before, const struct level *after,
                                   uint64_t now_ns);

/* The stage's cost has changed: all is void. */
void ceiling_forget(struct ceiling *c);

/* The stage gives less since it was lowered: it was none, and the next is not believed for a while. */
void ceiling_refute(struct ceiling *c, uint64_t now_ns);

/* The most workers that are of use, of max; a ceiling that has ended allows a quarter more, to be tried. */
uint32_t ceiling_limit(const struct ceiling *c, uint32_t max, uint64_t now_ns);

#endif
