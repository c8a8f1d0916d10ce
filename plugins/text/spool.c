#include "spool.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum { RELEASE_STEP = 1 << 20 };

struct spool {
    int input;
    int memory;     /* memfd; its position is the number of bytes that left the input */
    int between[2]; /* a pipe, if the input is none: only from a pipe to a file is splice() one step. -1: none */
    uint64_t released;
    uint64_t id;
};

static void close_if_open(int fd)
{
    if (fd >= 0)
        close(fd);
}

void spool_destroy(struct spool **spool)
{
    struct spool *s = *spool;
    if (!s)
        return;
    close_if_open(s->memory);
    close_if_open(s->between[0]);
    close_if_open(s->between[1]);
    free(s);
    *spool = NULL;
}

int spool_create(int input, struct spool **out)
{
    struct stat info;
    struct spool *s = calloc(1, sizeof *s);
    if (!s)
        return -ENOMEM;
    *s = (struct spool){.input = input, .between = {-1, -1}};
    s->memory = memfd_create("micropipe-spool", MFD_CLOEXEC);
    int failed = s->memory < 0 || fstat(input, &info) != 0 || getrandom(&s->id, sizeof s->id, 0) != sizeof s->id;
    if (!failed && !S_ISFIFO(info.st_mode))
        failed = pipe2(s->between, O_CLOEXEC | O_NONBLOCK) != 0;
    if (failed) {
        int error = -errno;
        spool_destroy(&s);
        return error;
    }
    *out = s;
    return 0;
}

uint64_t spool_id(const struct spool *s)
{
    return s->id;
}

int spool_input(const struct spool *s)
{
    return s->input;
}

static int is_readable(int fd)
{
    struct pollfd wanted = {.fd = fd, .events = POLLIN};
    return poll(&wanted, 1, 0) > 0;
}

/* For inputs that splice() does not know, as /dev/null: a kill between the two calls loses what was read. */
static ssize_t read_and_write(const struct spool *s)
{
    char buffer[PIPE_BUF];
    ssize_t n = read(s->input, buffer, sizeof buffer);
    return n > 0 ? write(s->between[1], buffer, (size_t)n) : n;
}

/* From an input that is not a pipe into ours, which is empty. What is in it survives us: it is the stage server's too.
 */
static ssize_t pull_between(const struct spool *s, size_t size)
{
    if (!is_readable(s->input)) { /* it may be in blocking mode, which is not ours to change */
        errno = EAGAIN;
        return -1;
    }
    ssize_t n = splice(s->input, NULL, s->between[1], NULL, size, SPLICE_F_NONBLOCK);
    return n < 0 && errno == EINVAL ? read_and_write(s) : n;
}

static ssize_t into_memory(const struct spool *s, size_t size)
{
    int from = s->between[0] >= 0 ? s->between[0] : s->input;
    return splice(from, NULL, s->memory, NULL, size, SPLICE_F_NONBLOCK);
}

int spool_pull(struct spool *s, size_t size)
{
    ssize_t n = into_memory(s, size);
    if (n < 0 && errno == EAGAIN && s->between[0] >= 0) {
        n = pull_between(s, size);
        if (n > 0)
            n = into_memory(s, size);
    }
    if (n < 0)
        return errno == EINTR ? -EAGAIN : -errno;
    return n > 0;
}

int64_t spool_read(const struct spool *s, uint64_t offset, void *to, size_t size)
{
    ssize_t n;
    do
        n = pread(s->memory, to, size, (off_t)offset);
    while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : n;
}

void spool_release(struct spool *s, uint64_t offset)
{
    if (offset < s->released + RELEASE_STEP)
        return;
    /* Failing costs memory, nothing else. */
    if (fallocate(s->memory, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, (off_t)offset) == 0)
        s->released = offset;
}
