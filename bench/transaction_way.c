/* micropipe between two processes: its arena, rings and transactions alone. That is the whole protocol, kills included,
 * without what a processor's author sees of it.
 */
#include <unistd.h>

#include "clock.h"
#include "payload.h"
#include "transaction.h"
#include "two_stages.h"
#include "view.h"
#include "ways.h"

static void *transaction_open(const struct load *load)
{
    return two_stages_open(load);
}

static void transaction_close(void *way)
{
    two_stages_close(way);
}

static void no_refusal(void *context, const struct refusal *refusal, const struct descriptor *frame)
{
    (void)context;
    (void)refusal;
    (void)frame;
}

static void start(struct transaction *t, struct two_stages *p, uint32_t stage, uint32_t worker)
{
    if (transaction_init(t, &p->segment, stage, worker, 1, (struct refusal_sink){no_refusal, NULL}) != 0)
        _exit(1);
    transaction_recover(t);
}

static void emit(struct transaction *t, uint64_t payload, uint64_t number)
{
    uint64_t bytes = view_block_bytes(payload, 0, 0);
    struct descriptor d;
    if (allocator_take(&t->allocator, bytes, &d) != 0)
        _exit(1); /* the ring is full before the memory is */
    struct block *b = (struct block *)(void *)(t->segment->arena.base + d.block);
    b->sequence = number;
    b->size_type_flags = block_word(payload, 0, bytes >= BLOCK_WIDE_FROM ? BLOCK_IS_WIDE : 0);
    payload_write(block_payload(b), payload, number);
    transaction_emit(t, &d, 0, OUTPUT_CREATED);
}

/* The figures that a source commits with n frames. */
static void count_sent(struct transaction *t, uint64_t n, uint64_t payload)
{
    t->tally.sequence += n;
    t->tally.out += n;
    t->tally.emitted += n;
    t->tally.bytes_out += n * payload;
}

static uint64_t read_claimed(struct transaction *t, uint32_t n)
{
    uint64_t sum = 0, bytes = 0;
    for (uint32_t i = 0; i < n; i++) {
        transaction_prefetch(t, i + CLAIM_AHEAD);
        struct block *b = transaction_input(t, i);
        if (!b)
            _exit(1);
        transaction_cursor(t, i);
        sum += payload_sum(block_payload(b), block_size(b));
        bytes += block_size(b);
    }
    transaction_cursor(t, CURSOR_NONE);
    t->tally.out += n;
    t->tally.bytes_in += bytes;
    return sum;
}

static void commit(struct transaction *t, uint32_t settle)
{
    transaction_commit(t, settle);
    allocator_settle(&t->allocator, ALLOCATOR_KEEP_OPEN);
}

static void transaction_send(void *way, const struct load *load, uint32_t sender)
{
    struct two_stages *p = way;
    struct transaction t;
    uint64_t most = load_most(load) < load->queue ? load_most(load) : load->queue;
    start(&t, p, SENDER, sender);
    for (uint64_t sent = 0; sent < load->frames;) {
        uint64_t n = load->frames - sent < most ? load->frames - sent : most;
        for (uint64_t end = sent + n; sent < end; sent++)
            emit(&t, load->payload, sent);
        count_sent(&t, n, load->payload);
        commit(&t, 0);
    }
    two_stages_end(p);
}

/* As a worker waits: looks again for a moment, if there is a CPU for each, and then sleeps. */
static void wait_for_frames(const struct transaction *t)
{
    struct ring *r = t->input;
    for (uint32_t looks = au32_relaxed(&t->segment->super->patience.spins); looks > 0; looks--) {
        if (ring_fill(r) > 0)
            return;
        cpu_relax();
    }
    uint32_t sequence = event_prepare(&r->data);
    if (ring_fill(r) == 0 && !au32_acquire(&r->closed))
        event_sleep(&r->data, sequence, EVENT_FOREVER);
}

static uint64_t transaction_receive(void *way, const struct load *load, uint32_t receiver)
{
    struct transaction t;
    uint64_t sum = 0;
    start(&t, way, RECEIVER, receiver);
    for (;;) {
        uint32_t closed = au32_acquire(&t.input->closed);
        uint32_t n = transaction_claim(&t, load_most(load));
        if (n == 0 && closed)
            return sum;
        if (n == 0) {
            wait_for_frames(&t);
            continue;
        }
        sum += read_claimed(&t, n);
        transaction_commit(&t, n);
    }
}

static uint64_t take_one(struct transaction *t)
{
    while (transaction_claim(t, 1) == 0)
        wait_for_frames(t);
    return read_claimed(t, 1);
}

/* Either side answers what it claimed in the transaction that settles it. */
static uint64_t transaction_rally(void *way, const struct load *load, uint32_t side, uint32_t *ns)
{
    struct transaction t;
    uint64_t sum = 0;
    start(&t, way, side, 0);
    for (uint64_t i = 0; i < load->frames; i++) {
        uint64_t begin = side ? 0 : clock_monotonic();
        if (side)
            sum += take_one(&t);
        emit(&t, load->payload, i);
        count_sent(&t, 1, load->payload);
        commit(&t, side || i > 0);
        if (!side) {
            sum += take_one(&t);
            ns[i] = (uint32_t)(clock_monotonic() - begin);
        }
    }
    if (!side)
        commit(&t, 1);
    return sum;
}

const struct way way_transaction = {
    .name = "micropipe, transactions",
    .rate = 1e7,
    .side_max = SIDE_WORKERS_MAX,
    .open = transaction_open,
    .send = transaction_send,
    .receive = transaction_receive,
    .rally = transaction_rally,
    .close = transaction_close,
};
