/* When a worker that died is started again: pure policy, (what happened, the time) -> decision. No clock, no fork, no
 * log.
 *
 * The first restart is at once; without progress in between the next ones wait 100 ms, 200 ms, ... up to 30 s. A stage
 * whose workers die 5 times in 30 s without progress is given up, and so is one with 5 deadlines in a row, however long
 * they are, as what hung so often will hang for ever. Four kinds of death say nothing against the stage:
 * one with a frame in hand, as it counts against the frame; one by the kernel's SIGKILL for want of memory, which only
 * delays; one by a SIGKILL from outside, which delays by 100 ms at most, as a worker that has nothing to do makes no
 * progress either, and those that wait for it would then have to wait ever longer; and one to give memory back, which
 * delays by 1 ms, 2 ms, ... 64 ms: until the sibling that waits for the memory has it, a successor would only do the
 * same work again and leave again.
 */
#ifndef RESTART_H
#define RESTART_H

#include <stdint.h>

enum { RESTART_DEATHS_MAX = 5 };

enum death_cause {
    DEATH_BY_ITSELF,    /* a signal, an exit, MPIPE_FATAL, with no frame in hand */
    DEATH_BY_FRAME,     /* with a frame in hand */
    DEATH_BY_DEADLINE,  /* killed, as it did not return from open(), flush() or close() */
    DEATH_BY_KILL,      /* SIGKILL that the system needed, no frame in hand */
    DEATH_FROM_OUTSIDE, /* SIGKILL by somebody else, no frame in hand */
    DEATH_TO_YIELD      /* WORKER_ROLLBACK */
};

struct restart_history {
    uint64_t deaths[RESTART_DEATHS_MAX]; /* times, ns, of the last without progress that count; oldest first */
    uint32_t n_deaths;
    uint32_t in_a_row; /* restarts without progress, of any cause that delays but the next */
    uint32_t yields;   /* DEATH_TO_YIELD without progress */
    uint32_t hangs;    /* DEATH_BY_DEADLINE without progress */
};

struct restart_decision {
    int give_up;
    uint64_t after_ns; /* start again so much later */
};

/* `progress`: the slot has committed something since its last death. */
struct restart_decision restart_decide(struct restart_history *h, enum death_cause cause, int progress,
                                       uint64_t now_ns);

#endif
