/* ZeroMQ over ipc, PUSH to PULL (a rally: PAIR): a message is allocated, written, sent, read and released.
 */
#include "zeromq_way.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

#include "clock.h"
#include "payload.h"

enum { RETRY_MS = 1 };

/* The name of the place to meet at; an abstract one, which leaves no file behind. */
struct zeromq_way {
    char address[64];
};

/* A process's end: the library cannot be taken across a fork. */
struct zeromq_end {
    void *context, *socket;
};

static void *zeromq_open(const struct load *load)
{
    struct zeromq_way *w = calloc(1, sizeof *w);
    if (w)
        snprintf(w->address, sizeof w->address, "ipc://@micropipe-bench-%d-%llu", (int)getpid(),
                 (unsigned long long)clock_monotonic());
    (void)load;
    return w;
}

static struct zeromq_end join(const struct zeromq_way *w, const struct load *load, int type, int binds)
{
    struct zeromq_end e = {zmq_ctx_new(), NULL};
    int retry = RETRY_MS, queue = (int)load->queue;
    e.socket = zmq_socket(e.context, type);
    if (!e.socket || zmq_setsockopt(e.socket, ZMQ_RECONNECT_IVL, &retry, sizeof retry) != 0 ||
        zmq_setsockopt(e.socket, ZMQ_SNDHWM, &queue, sizeof queue) != 0 ||
        zmq_setsockopt(e.socket, ZMQ_RCVHWM, &queue, sizeof queue) != 0 ||
        (binds ? zmq_bind(e.socket, w->address) : zmq_connect(e.socket, w->address)) != 0)
        _exit(1);
    return e;
}

/* Waits until what was sent is on its way. */
static void leave(struct zeromq_end *e)
{
    zmq_close(e->socket);
    zmq_ctx_term(e->context);
}

static void send_one(const struct zeromq_end *e, uint64_t payload, uint64_t number)
{
    zmq_msg_t message;
    if (zmq_msg_init_size(&message, payload) != 0)
        _exit(1);
    payload_write(zmq_msg_data(&message), payload, number);
    if (zmq_msg_send(&message, e->socket, 0) < 0)
        _exit(1);
}

static uint64_t receive_one(const struct zeromq_end *e)
{
    zmq_msg_t message;
    zmq_msg_init(&message);
    if (zmq_msg_recv(&message, e->socket, 0) < 0)
        _exit(1);
    uint64_t sum = payload_sum(zmq_msg_data(&message), zmq_msg_size(&message));
    zmq_msg_close(&message);
    return sum;
}

static void zeromq_send(void *way, const struct load *load, uint32_t sender)
{
    struct zeromq_end e = join(way, load, ZMQ_PUSH, 0);
    (void)sender;
    for (uint64_t i = 0; i < load->frames; i++)
        send_one(&e, load->payload, i);
    leave(&e);
}

static uint64_t zeromq_receive(void *way, const struct load *load, uint32_t receiver)
{
    struct zeromq_end e = join(way, load, ZMQ_PULL, 1);
    uint64_t sum = 0;
    (void)receiver;
    for (uint64_t i = 0; i < load->frames; i++)
        sum += receive_one(&e);
    leave(&e);
    return sum;
}

static uint64_t zeromq_rally(void *way, const struct load *load, uint32_t side, uint32_t *ns)
{
    struct zeromq_end e = join(way, load, ZMQ_PAIR, side == 1);
    uint64_t sum = 0;
    for (uint64_t i = 0; i < load->frames; i++) {
        uint64_t begin = clock_monotonic();
        if (side) {
            sum += receive_one(&e);
            send_one(&e, load->payload, i);
        } else {
            send_one(&e, load->payload, i);
            sum += receive_one(&e);
            ns[i] = (uint32_t)(clock_monotonic() - begin);
        }
    }
    leave(&e);
    return sum;
}

const struct way way_zeromq = {
    .name = "ZeroMQ ipc",
    .rate = 1e6,
    .side_max = 1,
    .ignores_batch = 1,
    .open = zeromq_open,
    .send = zeromq_send,
    .receive = zeromq_receive,
    .rally = zeromq_rally,
    .close = free,
};
