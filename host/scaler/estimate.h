/* An estimate: what a frame costs in one stage, out of counters.
 *
 * c = cpu / done                       CPU seconds a frame
 * w = (busy - cpu - run delay) / done  seconds a frame off the CPU: I/O, sleep, a lock, a device
 * s = c + w                            what one worker would need on a core of its own; 1 / s is its true rate (DS2)
 *
 * busy and cpu with what has gone into the frames in hand since.
 * The delay by other runnable processes is left out: with it, a full machine looks like slow I/O, and gets workers that
 * make it worse. Old frames are forgotten with time, but never below a number that makes a mean; a cost that jumps is
 * taken over as soon as two windows in a row agree.
 */
#ifndef ESTIMATE_H
#define ESTIMATE_H

#include "observation.h"

/* What a stage did in some time. Work is that of all frames which were in hand then, finished or not: by finished ones
 * alone a stage would look fast while one worker has the lock and all others wait for it, frame in hand. */
struct work {
    double frames;            /* finished */
    double own_s, cpu_s;      /* seconds of work without run delay; of that, CPU time */
    double delay_s;           /* run delay of those that were finished */
    double turn_s, blocked_s; /* workers' waits for their turn, and for room */
    double elapsed_s;
};

struct estimate {
    struct stage_observation last; /* at the tick before */
    struct work kept;              /* what the estimate is made of */
    struct work window, before;    /* the newest frames; the window before those */
    double arrived, sent_by_feeders;
    double turn_s, turn_times; /* waited for turns, and what that is of the time that the frames took */
    struct work turn_of;       /* by these */
    double seen_s;             /* what the shares and the rate below are of */
    int jumps;                 /* windows in a row that were off: > 0 dearer, < 0 cheaper */
    /* results */
    double cpu_s, wait_s; /* a frame; both 0 while nothing is known */
    double waits_turn_s;  /* a frame of an ordered stage, when nothing else holds it up */
    double ratio;         /* frames that arrive here for one that the feeders finish */
    double starved;       /* share of its workers' time without input, of the last seconds */
    double occupied;      /* share of its workers' time in processors, of the last seconds */
    double turning;       /* and waiting for their turn */
    double rate;          /* frames finished a second, of the last seconds */
    int has_jumped;       /* in this tick (dearer: 1, cheaper: -1): what was learned about this stage is void */
};

/* Takes in the counters `dt_s` after those before; `feeders_done`: frames that the feeders finished in between;
 * `is_full`: no core was free. */
void estimate_update(struct estimate *e, const struct stage_observation *now, double feeders_done, int is_full,
                     double dt_s);

/* Forgets what was before `mark`, elapsed_s ago, when the stage had other workers. */
void estimate_restart(struct estimate *e, const struct stage_observation *mark, double elapsed_s);

/* Seconds a frame, on a core of its own, without its turn; 0: not known. */
double estimate_service(const struct estimate *e);

/* Takes b from a: the work between two points. How much time is between them the observations do not say. */
struct work work_between(const struct stage_observation *from, const struct stage_observation *to);

#endif
