#include "held.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#include "cleanup.h"

enum { LOOK_NS = 10000000 };

static int is_traced(void)
{
    static const char key[] = "TracerPid:";
    AUTO_FILE FILE *f = fopen("/proc/self/status", "re");
    char line[256];
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, key, sizeof key - 1) == 0)
            return strtol(line + sizeof key - 1, NULL, 10) != 0;
    return 0;
}

void held_wait(const struct slot *slot)
{
    const struct timespec look = {0, LOOK_NS};
    if (!au32_acquire(&slot->held))
        return;
    prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY); /* a debugger is no parent of ours, which some machines want it to be */
    while (au32_acquire(&slot->held) && !is_traced())
        nanosleep(&look, NULL);
}
