/* nng over ipc, push to pull (a rally: pair): a message is allocated, written, sent, read and released.
 */
#include "nng_way.h"

#include <nng/nng.h>
#include <nng/protocol/pair0/pair.h>
#include <nng/protocol/pipeline0/pull.h>
#include <nng/protocol/pipeline0/push.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "payload.h"
#include "shared.h"

enum { BUFFER = 128, RETRY_MS = 1 };

struct nng_way {
    struct shared shared; /* its end: the receiver has all, and the sender, which would throw away the rest, may go */
    char address[64];     /* an abstract name, which leaves no file behind */
};

static void *nng_way_open(const struct load *load)
{
    struct nng_way *w = calloc(1, sizeof *w);
    (void)load;
    if (!w || shared_open(&w->shared, sizeof(uint64_t), 1) != 0) {
        free(w);
        return NULL;
    }
    snprintf(w->address, sizeof w->address, "abstract://micropipe-bench-%d-%llu", (int)getpid(),
             (unsigned long long)clock_monotonic());
    return w;
}

static void nng_way_close(void *way)
{
    struct nng_way *w = way;
    shared_close(&w->shared);
    free(w);
}

static void join(const struct nng_way *w, nng_socket s, int listens)
{
    nng_socket_set_ms(s, NNG_OPT_RECONNMINT, RETRY_MS);
    nng_socket_set_ms(s, NNG_OPT_RECONNMAXT, RETRY_MS);
    nng_socket_set_int(s, NNG_OPT_SENDBUF, BUFFER); /* refused where a protocol has no such buffer */
    nng_socket_set_int(s, NNG_OPT_RECVBUF, BUFFER);
    nng_socket_set_size(s, NNG_OPT_RECVMAXSZ, 0);
    if ((listens ? nng_listen(s, w->address, NULL, 0) : nng_dial(s, w->address, NULL, NNG_FLAG_NONBLOCK)) != 0)
        _exit(1);
}

static void leave(struct nng_way *w, nng_socket s, int has_all)
{
    if (has_all)
        shared_end(&w->shared);
    while (!shared_has_ended(&w->shared))
        shared_yield();
    nng_close(s);
}

static void send_one(nng_socket s, uint64_t payload, uint64_t number)
{
    nng_msg *message;
    if (nng_msg_alloc(&message, payload) != 0)
        _exit(1);
    payload_write(nng_msg_body(message), payload, number);
    if (nng_sendmsg(s, message, 0) != 0)
        _exit(1);
}

static uint64_t receive_one(nng_socket s)
{
    nng_msg *message;
    if (nng_recvmsg(s, &message, 0) != 0)
        _exit(1);
    uint64_t sum = payload_sum(nng_msg_body(message), nng_msg_len(message));
    nng_msg_free(message);
    return sum;
}

static void nng_way_send(void *way, const struct load *load, uint32_t sender)
{
    nng_socket s;
    (void)sender;
    if (nng_push0_open(&s) != 0)
        _exit(1);
    join(way, s, 0);
    for (uint64_t i = 0; i < load->frames; i++)
        send_one(s, load->payload, i);
    leave(way, s, 0);
}

static uint64_t nng_way_receive(void *way, const struct load *load, uint32_t receiver)
{
    nng_socket s;
    uint64_t sum = 0;
    (void)receiver;
    if (nng_pull0_open(&s) != 0)
        _exit(1);
    join(way, s, 1);
    for (uint64_t i = 0; i < load->frames; i++)
        sum += receive_one(s);
    leave(way, s, 1);
    return sum;
}

static uint64_t nng_way_rally(void *way, const struct load *load, uint32_t side, uint32_t *ns)
{
    nng_socket s;
    uint64_t sum = 0;
    if (nng_pair0_open(&s) != 0)
        _exit(1);
    join(way, s, side == 1);
    for (uint64_t i = 0; i < load->frames; i++) {
        uint64_t begin = clock_monotonic();
        if (side) {
            sum += receive_one(s);
            send_one(s, load->payload, i);
        } else {
            send_one(s, load->payload, i);
            sum += receive_one(s);
            ns[i] = (uint32_t)(clock_monotonic() - begin);
        }
    }
    leave(way, s, side == 0);
    return sum;
}

const struct way way_nng = {
    .name = "nng ipc",
    .rate = 3e4,
    .side_max = 1,
    .ignores_batch = 1,
    .open = nng_way_open,
    .send = nng_way_send,
    .receive = nng_way_receive,
    .rally = nng_way_rally,
    .close = nng_way_close,
};
