/* Debugging: the only worker of one stage waits for a debugger before open(), and the run waits for its end. From the
 * supervisor's loop.
 */
#ifndef DEBUGGING_H
#define DEBUGGING_H

#include <stdint.h>

struct crew;
struct supervisor;

/* Has the workers of the stage that is to be debugged held, if one is. Before the first of them is asked for. */
void debugging_begin(const struct supervisor *s);

/* A worker runs: the first of that stage gets the debugger. */
void debugging_spawned(struct supervisor *s, const struct crew *c, uint32_t worker);

/* The debugger has ended: the stage goes on without it. */
void debugging_ended(struct supervisor *s);

/* True if Ctrl-C on the terminal is for the debugger, which has its foreground. */
int debugging_has_terminal(const struct supervisor *s);

/* At the end of a run: waits until the user has left the debugger, or a signal says that it must. */
void debugging_finish(struct supervisor *s);

#endif
