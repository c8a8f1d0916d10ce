/* Through the kernel: a pipe, and a socket that keeps frames apart. The kernel copies each frame in and out.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "payload.h"
#include "ways.h"

enum { PIPE_BYTES = 1024 * 1024, CALL_BYTES = 64 * 1024, SOCKET_MAX = 64 * 1024 };

/* All ends, and a buffer that each process has a copy of. */
struct channel {
    int from[2], to[2]; /* there and, in a rally, back */
    uint8_t *buffer;
    uint64_t frames_a_call;
};

static uint64_t frames_a_call(const struct load *load)
{
    uint64_t most = CALL_BYTES / load->payload;
    most = most < 1 ? 1 : most > load_most(load) ? load_most(load) : most;
    return load->is_rally ? 1 : most;
}

static void channel_close(void *way)
{
    struct channel *c = way;
    for (int i = 0; i < 2; i++) {
        close(c->from[i]);
        close(c->to[i]);
    }
    free(c->buffer);
    free(c);
}

static struct channel *channel_open(const struct load *load, uint64_t frames)
{
    struct channel *c = calloc(1, sizeof *c);
    uint8_t *buffer = calloc(frames, load->payload);
    if (!c || !buffer) {
        free(c);
        free(buffer);
        return NULL;
    }
    *c = (struct channel){{-1, -1}, {-1, -1}, buffer, frames};
    return c;
}

static void *pipe_open(const struct load *load)
{
    struct channel *c = channel_open(load, frames_a_call(load));
    for (int i = 0; i < 2 && c; i++) {
        int ends[2];
        if (pipe2(ends, O_CLOEXEC) != 0) {
            channel_close(c);
            return NULL;
        }
        c->from[i] = ends[0];
        c->to[i] = ends[1];
        (void)fcntl(ends[0], F_SETPIPE_SZ, PIPE_BYTES); /* as it was is as good as one gets, then */
    }
    return c;
}

static void *socket_open(const struct load *load)
{
    struct channel *c = channel_open(load, 1);
    for (int i = 0; i < 2 && c; i++) {
        int ends[2];
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
            channel_close(c);
            return NULL;
        }
        c->from[i] = ends[0];
        c->to[i] = ends[1];
    }
    return c;
}

static void write_all(int fd, const uint8_t *bytes, uint64_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, bytes, size);
        if (n <= 0)
            _exit(1);
        bytes += n;
        size -= (uint64_t)n;
    }
}

static void read_all(int fd, uint8_t *bytes, uint64_t size)
{
    while (size > 0) {
        ssize_t n = read(fd, bytes, size);
        if (n <= 0)
            _exit(1);
        bytes += n;
        size -= (uint64_t)n;
    }
}

static void channel_send(void *way, const struct load *load, uint32_t sender)
{
    const struct channel *c = way;
    (void)sender;
    for (uint64_t sent = 0; sent < load->frames;) {
        uint64_t n = c->frames_a_call < load->frames - sent ? c->frames_a_call : load->frames - sent;
        for (uint64_t i = 0; i < n; i++)
            payload_write(c->buffer + i * load->payload, load->payload, sent + i);
        write_all(c->to[0], c->buffer, n * load->payload);
        sent += n;
    }
}

static uint64_t channel_receive(void *way, const struct load *load, uint32_t receiver)
{
    const struct channel *c = way;
    uint64_t sum = 0;
    (void)receiver;
    for (uint64_t got = 0; got < load->frames;) {
        uint64_t n = c->frames_a_call < load->frames - got ? c->frames_a_call : load->frames - got;
        read_all(c->from[0], c->buffer, n * load->payload);
        for (uint64_t i = 0; i < n; i++)
            sum += payload_sum(c->buffer + i * load->payload, load->payload);
        got += n;
    }
    return sum;
}

static uint64_t channel_rally(void *way, const struct load *load, uint32_t side, uint32_t *ns)
{
    const struct channel *c = way;
    uint64_t sum = 0;
    for (uint64_t i = 0; i < load->frames; i++) {
        uint64_t begin = clock_monotonic();
        for (uint32_t step = 0; step < 2; step++) {
            if (step == side) {
                payload_write(c->buffer, load->payload, i);
                write_all(c->to[side], c->buffer, load->payload);
            } else {
                read_all(c->from[!side], c->buffer, load->payload);
                sum += payload_sum(c->buffer, load->payload);
            }
        }
        if (!side)
            ns[i] = (uint32_t)(clock_monotonic() - begin);
    }
    return sum;
}

const struct way way_pipe = {
    .name = "Unix pipe",
    .rate = 1e6,
    .side_max = 1,
    .open = pipe_open,
    .send = channel_send,
    .receive = channel_receive,
    .rally = channel_rally,
    .close = channel_close,
};
const struct way way_socket = {
    .name = "Unix socket (SEQPACKET)",
    .rate = 4e5,
    .side_max = 1,
    .payload_max = SOCKET_MAX,
    .ignores_batch = 1,
    .open = socket_open,
    .send = channel_send,
    .receive = channel_receive,
    .rally = channel_rally,
    .close = channel_close,
};
