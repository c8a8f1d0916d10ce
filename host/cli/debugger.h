/* `micropipe run --debug STAGE`: gdb in the terminal's foreground, attached to the stage's only worker. */
#ifndef DEBUGGER_H
#define DEBUGGER_H

#include <stdio.h>

#include "supervisor.h"

struct debugger {
    char *gdb; /* its path */
    struct supervisor_debug hook;
};

/* Finds gdb, and gives the stage one worker, no sandbox and no deadline. EXIT_OK, and the hook is to be given to the
 * run; else an exit code: what is wrong was written to `err`. *d is to be cleared in any case. */
int debugger_prepare(struct debugger *d, struct pipeline *p, const char *stage, FILE *err);

/* Says in the log what is different from a run without. */
void debugger_announce(const struct debugger *d, const struct pipeline *p, const struct log *log);

void debugger_clear(struct debugger *d);

#endif
