#include "leftovers.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"

static int is_kept(pid_t pid, const pid_t *keep, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (keep[i] == pid)
            return 1;
    return 0;
}

static FILE *open_children(void)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    return fopen(path, "re");
}

uint32_t leftovers_list(pid_t *pids, uint32_t max)
{
    uint32_t n = 0;
    AUTO_FILE FILE *f = open_children();
    while (f && n < max && fscanf(f, "%d", &pids[n]) == 1)
        n++;
    return n;
}

/* Kills what is not kept. Returns how many there were. */
static int kill_once(const pid_t *keep, uint32_t n)
{
    int pid;
    int killed = 0;
    AUTO_FILE FILE *f = open_children();
    while (f && fscanf(f, "%d", &pid) == 1) {
        if (is_kept(pid, keep, n))
            continue;
        /* A worker that has exited, and is not reaped yet, is a zombie here: it is kept until it is reaped as a worker.
         */
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        killed++;
    }
    return killed;
}

void leftovers_kill(const pid_t *keep, uint32_t n)
{
    /* Its own children come to us when it dies, so again until none is left. */
    while (kill_once(keep, n) > 0)
        ;
}
