#include "silence.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "cleanup.h"
#include "clock.h"

enum { LOOK_MS = 100 };

/* 0: it is not known. */
static int process_of(int fd)
{
    struct ucred peer = {0};
    socklen_t size = sizeof peer;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 ? (int)peer.pid : 0;
}

/* By a signal, a terminal or a debugger. "12 (name) T ...": what is in brackets may have brackets of its own. */
static int is_stopped(int process)
{
    char path[32], text[256];
    snprintf(path, sizeof path, "/proc/%d/stat", process);
    AUTO_FILE FILE *f = process > 0 ? fopen(path, "re") : NULL;
    const char *end = f && fgets(text, sizeof text, f) ? strrchr(text, ')') : NULL;
    return end && end[1] == ' ' && (end[2] == 'T' || end[2] == 't');
}

int silence_bear(int fd, int patience_ms, char why[SILENCE_TEXT])
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    uint64_t now = clock_monotonic(), ran = now, end = now + (uint64_t)patience_ms * NS_PER_MS;
    int process = process_of(fd), stopped = 0;
    for (; now < end && now < ran + SILENCE_STOPPED_MS * NS_PER_MS; now = clock_monotonic()) {
        uint64_t left = (end - now) / NS_PER_MS + 1;
        if (poll(&p, 1, left < LOOK_MS ? (int)left : LOOK_MS) > 0)
            return 0;
        stopped = is_stopped(process);
        if (!stopped)
            ran = clock_monotonic();
    }
    if (stopped)
        snprintf(why, SILENCE_TEXT, "does not answer: its process %d is stopped, and goes on after 'kill -CONT %d'",
                 process, process);
    else
        snprintf(why, SILENCE_TEXT, "has not answered for %.3g s", patience_ms / 1e3);
    return -1;
}
