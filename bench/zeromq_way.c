/* ZeroMQ over ipc, PUSH to PULL (a rally: PAIR): a message is allocated, written, sent, read and released.
 */
#include "zeromq_way.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zmq.h>

#include "clock.h"
#include "payload.h"
#include "shared.h"

enum { RETRY_MS = 1 };

struct zeromq_way {
    struct shared shared; /* its end: the receiver has all, and the sender may go */
    char address[64];     /* where to meet: an abstract name, which leaves no file behind */
};

/* A process's end: the library cannot be taken across a fork. */
struct zeromq_end {
    void *context, *socket;
};

static void *zeromq_open(const struct load *load)
{
    struct zeromq_way *w = calloc(1, sizeof *w);
    (void)load;
    if (!w || shared_open(&w->shared, sizeof(uint64_t), 1) != 0) {
        free(w);
        return NULL;
    }
    snprintf(w->address, sizeof w->address, "ipc://@micropipe-bench-%d-%llu", (int)getpid(),
             (unsigned long long)clock_monotonic());
    return w;
}

static void zeromq_close(void *way)
{
    struct zeromq_way *w = way;
    shared_close(&w->shared);
    free(w);
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

static void leave(struct zeromq_way *w, struct zeromq_end *e, int has_all)
{
    if (has_all)
        shared_end(&w->shared);
    while (!shared_has_ended(&w->shared))
        shared_yield();
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
    leave(way, &e, 0);
}

static uint64_t zeromq_receive(void *way, const struct load *load, uint32_t receiver)
{
    struct zeromq_end e = join(way, load, ZMQ_PULL, 1);
    uint64_t sum = 0;
    (void)receiver;
    for (uint64_t i = 0; i < load->frames; i++)
        sum += receive_one(&e);
    leave(way, &e, 1);
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
    leave(way, &e, side == 0);
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
    .close = zeromq_close,
};
