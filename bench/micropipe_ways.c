/* micropipe between two processes: its arena, rings and transactions alone, and whole workers with processors on the
 * SDK.
 */
#include "duel.h"

#include <micropipe/io.h>
#include <micropipe/processor.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "segment.h"
#include "transaction.h"
#include "view.h"
#include "worker.h"

enum { SENDER, RECEIVER, STAGES };
enum { MEMORY = 64 * 1024 * 1024, QUEUE = 1024, BATCH = 256 };

/* A pipeline of two stages, described by hand. */
struct two_stages {
    struct segment segment;
    struct pipeline pipeline;
    struct stage stages[STAGES];
    struct edge edge;
    struct port_description port;
    struct processor_description descriptions[STAGES];
    char name[8]; /* of everything that needs one */
};

static void two_stages_close(void *way)
{
    struct two_stages *p = way;
    segment_destroy(&p->segment);
    free(p);
}

static void *two_stages_open(void)
{
    struct two_stages *p = calloc(1, sizeof *p);
    char why[256];
    if (!p)
        return NULL;
    memcpy(p->name, "bench", sizeof "bench");
    p->port = (struct port_description){.name = p->name, .doc = p->name};
    for (uint32_t i = 0; i < STAGES; i++) {
        p->descriptions[i] = (struct processor_description){.version = p->name, .pack_dir = p->name};
        p->stages[i] = (struct stage){.name = p->name,
                                      .processor = p->name,
                                      .description = &p->descriptions[i],
                                      .workers_min = 1,
                                      .workers_max = 1,
                                      .max_attempts = 3};
    }
    p->descriptions[SENDER].outputs = p->descriptions[RECEIVER].inputs = &p->port;
    p->descriptions[SENDER].n_outputs = p->descriptions[RECEIVER].n_inputs = 1;
    p->stages[SENDER].is_source = p->stages[RECEIVER].is_sink = 1;
    p->stages[RECEIVER].queue = QUEUE;
    p->edge = (struct edge){.from = SENDER, .to = RECEIVER};
    p->pipeline = (struct pipeline){
        .name = p->name, .memory = MEMORY, .stages = p->stages, .n_stages = STAGES, .edges = &p->edge, .n_edges = 1};
    if (segment_create(&p->segment, &p->pipeline, why, sizeof why) == 0) {
        if (segment_fill(&p->segment) == 0)
            return p;
        segment_destroy(&p->segment);
    }
    free(p);
    return NULL;
}

static void no_refusal(void *context, const struct refusal *refusal, const struct descriptor *frame)
{
    (void)context;
    (void)refusal;
    (void)frame;
}

static void open_transaction(struct transaction *t, struct two_stages *p, uint32_t stage)
{
    if (transaction_init(t, &p->segment, stage, 0, 1, (struct refusal_sink){no_refusal, NULL}) != 0)
        _exit(1);
    transaction_recover(t);
}

static void transaction_send(void *way, uint64_t frames)
{
    struct two_stages *p = way;
    const struct arena *arena = &p->segment.arena;
    struct transaction t;
    open_transaction(&t, p, SENDER);
    for (uint64_t sent = 0; sent < frames;) {
        uint64_t end = frames - sent < BATCH ? frames : sent + BATCH;
        for (; sent < end; sent++) {
            struct view v = {0};
            struct descriptor d;
            if (allocator_take(&t.allocator, view_block_bytes(FRAME_BYTES, 0, 0), &d) != 0)
                _exit(1); /* the ring is full long before the memory is */
            view_format(&v, arena, &d, 0, 0);
            frame_write((uint64_t *)(void *)block_payload((struct block *)(void *)(arena->base + d.block)), sent);
            v.frame.size = FRAME_BYTES;
            v.frame.sequence = sent;
            view_seal(&v, arena);
            transaction_emit(&t, &d, 0, OUTPUT_CREATED);
        }
        transaction_commit(&t, 0);
        allocator_settle(&t.allocator, ALLOCATOR_KEEP_OPEN);
    }
}

static void wait_for_frames(struct transaction *t)
{
    struct ring *r = t->input;
    for (uint32_t looks = au32_relaxed(&t->segment->super->spin); looks > 0; looks--) {
        if (ring_fill(r) > 0)
            return;
        cpu_relax();
    }
    uint32_t sequence = event_prepare(&r->data);
    if (ring_fill(r) == 0)
        event_sleep(&r->data, sequence, EVENT_FOREVER);
}

static uint64_t transaction_receive(void *way, uint64_t frames)
{
    struct two_stages *p = way;
    struct transaction t;
    uint64_t sum = 0;
    open_transaction(&t, p, RECEIVER);
    for (uint64_t got = 0; got < frames;) {
        uint32_t n = transaction_claim(&t, BATCH);
        if (n == 0)
            wait_for_frames(&t);
        for (uint32_t i = 0; i < n; i++) {
            struct view v = {0};
            if (view_open(&v, &p->segment.arena, &t.journal->claim[i], t.bit) != 0)
                _exit(1);
            sum += frame_sum((const uint64_t *)(const void *)v.frame.data);
        }
        got += n;
        if (n)
            transaction_commit(&t, n);
    }
    return sum;
}

/* ---- Whole workers: what a processor's author sees. ---- */

/* Given to open() as `shared`, and the instance itself. */
struct bench_processor {
    uint64_t next, frames, sum;
    struct ring *input;
};

static mpipe_status bench_open(const mpipe_host *host, void *shared, void **self)
{
    (void)host;
    *self = shared;
    return MPIPE_OK;
}

static mpipe_status send_process(void *self, const mpipe_io *io, mpipe_frame *none)
{
    struct bench_processor *b = self;
    (void)none;
    if (b->next == b->frames)
        return MPIPE_END;
    mpipe_frame *frame = mpipe_create(io, FRAME_BYTES, NULL);
    uint8_t *bytes = frame ? mpipe_writable(io, &frame) : NULL;
    if (!bytes)
        return MPIPE_NO_MEMORY;
    frame_write((uint64_t *)(void *)bytes, b->next);
    mpipe_resize(io, &frame, FRAME_BYTES);
    b->next++;
    return mpipe_emit(io, 0, frame);
}

/* The last frame ends the stream, as there is no host to do it. */
static mpipe_status receive_process(void *self, const mpipe_io *io, mpipe_frame *frame)
{
    struct bench_processor *b = self;
    (void)io;
    b->sum += frame_sum((const uint64_t *)(const void *)frame->data);
    if (++b->next == b->frames)
        ring_close(b->input);
    return MPIPE_OK;
}

static void run_worker(struct two_stages *p, uint32_t stage, const mpipe_processor *processor,
                       struct bench_processor *b)
{
    struct log log;
    log_init(&log, STDERR_FILENO, LOG_LEVEL_WARNING, "bench");
    struct worker_start start = {.segment = &p->segment,
                                 .processor = processor,
                                 .shared = b,
                                 .stage = stage,
                                 .worker = 0,
                                 .epoch = 1,
                                 .log = &log};
    if (worker_run(&start) != WORKER_DONE)
        _exit(1);
}

static void workers_send(void *way, uint64_t frames)
{
    static const mpipe_processor sender = {MPIPE_PROCESSOR, .flags = MPIPE_SOURCE, .name = "send", .open = bench_open,
                                           .process = send_process};
    struct bench_processor b = {.frames = frames};
    run_worker(way, SENDER, &sender, &b);
}

static uint64_t workers_receive(void *way, uint64_t frames)
{
    static const mpipe_processor receiver = {MPIPE_PROCESSOR, .name = "receive", .open = bench_open,
                                             .process = receive_process};
    struct two_stages *p = way;
    struct bench_processor b = {.frames = frames, .input = p->segment.stages[RECEIVER].ring};
    run_worker(p, RECEIVER, &receiver, &b);
    return b.sum;
}

const struct way way_transaction = {
    .name = "micropipe, transactions",
    .frames = 10000000,
    .open = two_stages_open,
    .send = transaction_send,
    .receive = transaction_receive,
    .close = two_stages_close,
};
const struct way way_workers = {
    .name = "micropipe, workers and SDK",
    .frames = 5000000,
    .open = two_stages_open,
    .send = workers_send,
    .receive = workers_receive,
    .close = two_stages_close,
};
