#include "outlet.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"

/* A pipe or a terminal is opened once more: O_NONBLOCK is of the open file, which is shared with who started us. */
void outlet_open(struct outlet *o, int fd)
{
    struct stat status = {0};
    char path[32];
    *o = (struct outlet){.fd = fd};
    if (fd < 0 || fstat(fd, &status) != 0)
        return;
    o->is_socket = S_ISSOCK(status.st_mode);
    if (!S_ISFIFO(status.st_mode) && !S_ISCHR(status.st_mode))
        return;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int own = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (own < 0)
        return; /* it is another user's: then it waits, as any program does */
    o->fd = own;
    o->is_own = 1;
}

void outlet_share(struct outlet *o, const struct outlet *of, int fd)
{
    *o = (struct outlet){.fd = fd, .is_socket = of->is_socket};
}

static au64 *count_of(struct outlet *o)
{
    return o->lost ? o->lost : &o->count;
}

uint64_t outlet_lost(const struct outlet *o)
{
    return au64_relaxed(o->lost ? o->lost : &o->count); /* a count: nothing hangs on it */
}

void outlet_lose(struct outlet *o, uint64_t n)
{
    uint64_t lost = outlet_lost(o);
    while (!au64_swap_if(count_of(o), &lost, lost + n))
        ;
}

uint64_t outlet_take_lost(struct outlet *o)
{
    uint64_t lost = outlet_lost(o);
    while (lost && !au64_swap_if(count_of(o), &lost, 0))
        ;
    return lost;
}

/* 0, or -errno. A part of a line counts as the line. */
static int try_once(const struct outlet *o, const char *line, size_t n)
{
    ssize_t done = o->is_socket ? send(o->fd, line, n, MSG_DONTWAIT | MSG_NOSIGNAL) : write(o->fd, line, n);
    return done < 0 ? -errno : 0;
}

int outlet_write(struct outlet *o, const char *line, size_t n, int patience_ms)
{
    uint64_t now = clock_monotonic(), end = now + (outlet_lost(o) ? 0 : (uint64_t)patience_ms * NS_PER_MS);
    int error = try_once(o, line, n);
    for (; error == -EAGAIN && now < end; now = clock_monotonic()) {
        struct pollfd p = {.fd = o->fd, .events = POLLOUT};
        poll(&p, 1, (int)((end - now) / NS_PER_MS) + 1);
        error = try_once(o, line, n);
    }
    if (error)
        outlet_lose(o, 1);
    return error ? -1 : 0;
}

void outlet_close(struct outlet *o)
{
    if (o->is_own && o->fd >= 0)
        close(o->fd);
    *o = (struct outlet){.fd = -1};
}
