#include "leftovers.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LISTED_MAX = 256 };

static int is_kept(pid_t pid, const pid_t *keep, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (keep[i] == pid)
            return 1;
    return 0;
}

int leftovers_open(void)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

/* "12 345 ": read anew from its start, the kernel writes it anew. */
uint32_t leftovers_list(int children, pid_t *pids, uint32_t max)
{
    char text[4096];
    size_t used = 0;
    ssize_t got = 1;
    uint32_t n = 0;
    while (got > 0 && used < sizeof text - 1) {
        got = pread(children, text + used, sizeof text - 1 - used, (off_t)used);
        used += got > 0 ? (size_t)got : 0;
    }
    text[used] = '\0';
    for (char *at = text, *end; n < max; at = end) {
        pid_t pid = (pid_t)strtol(at, &end, 10);
        if (*end != ' ' || pid <= 0)
            break; /* the end, or a number that was cut: what is left is seen the next time */
        pids[n++] = pid;
    }
    return n;
}

/* Kills what is not kept. Returns how many there were. */
static int kill_once(int children, const pid_t *keep, uint32_t n)
{
    pid_t pids[LISTED_MAX];
    int killed = 0;
    uint32_t listed = leftovers_list(children, pids, LISTED_MAX);
    for (uint32_t i = 0; i < listed; i++) {
        if (is_kept(pids[i], keep, n))
            continue;
        /* A worker that has exited, and is not reaped yet, is a zombie here: it is kept until it is reaped as a worker.
         */
        kill(pids[i], SIGKILL);
        waitpid(pids[i], NULL, 0);
        killed++;
    }
    return killed;
}

void leftovers_kill(int children, const pid_t *keep, uint32_t n)
{
    /* Its own children come to us when it dies, so again until none is left. */
    while (kill_once(children, keep, n) > 0)
        ;
}
