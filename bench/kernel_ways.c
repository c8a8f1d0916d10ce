/* Through the kernel: a pipe, a frame or 64 frames a call, and a socket that keeps frames apart.
 */
#include "duel.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BATCHED = 64 };

/* Both ends; each process uses one. */
struct channel {
    int from, to;
    uint32_t frames_a_call;
};

static struct channel *channel_of(const int *ends, uint32_t frames_a_call)
{
    struct channel *c = malloc(sizeof *c);
    if (c)
        *c = (struct channel){ends[0], ends[1], frames_a_call};
    return c;
}

static void *pipe_open(void)
{
    int ends[2];
    return pipe(ends) == 0 ? channel_of(ends, 1) : NULL;
}

static void *pipe_batched_open(void)
{
    int ends[2];
    return pipe(ends) == 0 ? channel_of(ends, BATCHED) : NULL;
}

static void *socket_open(void)
{
    int ends[2];
    return socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) == 0 ? channel_of(ends, 1) : NULL;
}

static void channel_close(void *way)
{
    struct channel *c = way;
    close(c->from);
    close(c->to);
    free(c);
}

static int write_all(int fd, const uint8_t *bytes, size_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, bytes, size);
        if (n <= 0)
            return -1;
        bytes += n;
        size -= (size_t)n;
    }
    return 0;
}

static void channel_send(void *way, uint64_t frames)
{
    const struct channel *c = way;
    uint64_t words[BATCHED][FRAME_WORDS];
    for (uint64_t sent = 0; sent < frames;) {
        uint64_t n = c->frames_a_call < frames - sent ? c->frames_a_call : frames - sent;
        for (uint64_t i = 0; i < n; i++)
            frame_write(words[i], sent + i);
        if (write_all(c->to, (const uint8_t *)words, n * FRAME_BYTES) != 0)
            _exit(1);
        sent += n;
    }
}

static uint64_t channel_receive(void *way, uint64_t frames)
{
    const struct channel *c = way;
    uint64_t words[BATCHED][FRAME_WORDS];
    uint64_t sum = 0;
    size_t held = 0; /* bytes of a frame that was cut at the end of a read */
    for (uint64_t got = 0; got < frames;) {
        ssize_t n = read(c->from, (uint8_t *)words + held, (size_t)c->frames_a_call * FRAME_BYTES - held);
        if (n <= 0)
            _exit(1);
        size_t bytes = held + (size_t)n;
        uint64_t whole = bytes / FRAME_BYTES;
        for (uint64_t i = 0; i < whole; i++)
            sum += frame_sum(words[i]);
        got += whole;
        held = bytes % FRAME_BYTES;
        for (size_t i = 0; i < held; i++)
            ((uint8_t *)words)[i] = ((uint8_t *)words)[whole * FRAME_BYTES + i];
    }
    return sum;
}

const struct way way_pipe = {
    .name = "Unix pipe, a frame a call",
    .frames = 400000,
    .open = pipe_open,
    .send = channel_send,
    .receive = channel_receive,
    .close = channel_close,
};
const struct way way_pipe_batched = {
    .name = "Unix pipe, 64 frames a call",
    .frames = 6000000,
    .open = pipe_batched_open,
    .send = channel_send,
    .receive = channel_receive,
    .close = channel_close,
};
const struct way way_socket = {
    .name = "Unix socket (SEQPACKET)",
    .frames = 300000,
    .open = socket_open,
    .send = channel_send,
    .receive = channel_receive,
    .close = channel_close,
};
