/* The referee: in the host, judges the calls that a stage's filter holds. None that is refused was or will be made, and
 * those that are let through are judged by their numbers alone: a pointer's target could change after the look.
 */
#ifndef REFEREE_H
#define REFEREE_H

#include <stdint.h>
#include <sys/types.h>

/* One held call. */
struct held_call {
    uint64_t id;
    pid_t caller; /* the thread that made it */
    int number;
    uint64_t arguments[2];
};

/* Takes the next held call. 0, or -errno: -ENOENT if its caller is gone by now. */
int referee_hear(int listener, struct held_call *call);

/* Whether it is one that a process may always make: a signal to itself. */
int referee_is_own(const struct held_call *call);

/* Whether it makes a process, or sends a signal: what a stage server does for a living. */
int referee_is_servers(const struct held_call *call);

enum referee_answer { REFEREE_REFUSE, REFEREE_LET };
void referee_answer(int listener, const struct held_call *call, enum referee_answer answer);

/* The name of the call, for a message: "execve". The caller frees it; NULL if there is no memory. */
char *referee_name(const struct held_call *call);

#endif
