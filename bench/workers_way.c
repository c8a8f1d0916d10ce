/* micropipe between two processes: whole workers with processors on the SDK, which is what a processor's author sees.
 */
#include <micropipe/io.h>
#include <micropipe/processor.h>
#include <unistd.h>

#include "clock.h"
#include "payload.h"
#include "transaction.h"
#include "two_stages.h"
#include "view.h"
#include "ways.h"
#include "worker.h"

/* Given to open() as `shared`, and the instance itself. */
struct bench_processor {
    const struct load *load;
    struct two_stages *pipeline;
    uint64_t next, sum, begin;
    uint32_t side;
    uint32_t *ns;
};

static mpipe_status bench_open(const mpipe_host *host, void *shared, void **self)
{
    (void)host;
    *self = shared;
    return MPIPE_OK;
}

static mpipe_status send_next(struct bench_processor *b, const mpipe_io *io)
{
    uint64_t payload = b->load->payload;
    mpipe_frame *frame = mpipe_create(io, payload, NULL);
    uint8_t *bytes = frame ? mpipe_writable(io, &frame) : NULL;
    if (!bytes)
        return MPIPE_NO_MEMORY;
    payload_write(bytes, payload, b->next);
    mpipe_resize(io, &frame, payload);
    b->next++;
    return mpipe_emit(io, 0, frame);
}

static mpipe_status send_process(void *self, const mpipe_io *io, mpipe_frame *none)
{
    struct bench_processor *b = self;
    (void)none;
    return b->next == b->load->frames ? MPIPE_END : send_next(b, io);
}

static mpipe_status receive_process(void *self, const mpipe_io *io, mpipe_frame *frame)
{
    struct bench_processor *b = self;
    (void)io;
    b->sum += payload_sum(frame->data, frame->size);
    return MPIPE_OK;
}

/* The first frame that side 0 gets is the one that workers_open() made: it says go. */
static mpipe_status rally_process(void *self, const mpipe_io *io, mpipe_frame *frame)
{
    struct bench_processor *b = self;
    uint64_t now = clock_monotonic();
    if (b->side || b->next > 0)
        b->sum += payload_sum(frame->data, frame->size);
    if (!b->side && b->next > 0)
        b->ns[b->next - 1] = (uint32_t)(now - b->begin);
    if (b->next == b->load->frames) {
        ring_close(b->pipeline->segment.stages[SENDER].ring);
        ring_close(b->pipeline->segment.stages[RECEIVER].ring);
        return MPIPE_OK;
    }
    b->begin = now;
    return send_next(b, io);
}

static void no_refusal(void *context, const struct refusal *refusal, const struct descriptor *frame)
{
    (void)context;
    (void)refusal;
    (void)frame;
}

/* Puts one frame into the ring of side 0, as side 1. */
static int serve(struct two_stages *p)
{
    struct transaction t;
    struct descriptor d;
    struct view v = {0};
    if (transaction_init(&t, &p->segment, RECEIVER, 0, 1, (struct refusal_sink){no_refusal, NULL}) != 0)
        return -1;
    transaction_recover(&t);
    int error = allocator_take(&t.allocator, BLOCK_MIN, &d);
    if (!error) {
        view_format(&v, &p->segment.arena, &d, 0, 0);
        view_seal(&v, &p->segment.arena);
        transaction_emit(&t, &d, 0, OUTPUT_CREATED);
        transaction_commit(&t, 0);
        allocator_settle(&t.allocator, ALLOCATOR_RELEASE_ALL);
    }
    transaction_destroy(&t);
    return error;
}

static void *workers_open(const struct load *load)
{
    struct two_stages *p = two_stages_open(load);
    if (!p || !load->is_rally || serve(p) == 0)
        return p;
    two_stages_close(p);
    return NULL;
}

static void workers_close(void *way)
{
    two_stages_close(way);
}

static void run(struct two_stages *p, uint32_t stage, uint32_t worker, const mpipe_processor *processor,
                struct bench_processor *b)
{
    struct log log;
    log_init(&log, STDERR_FILENO, LOG_LEVEL_WARNING, "bench");
    struct worker_start start = {.segment = &p->segment,
                                 .processor = processor,
                                 .shared = b,
                                 .stage = stage,
                                 .worker = worker,
                                 .epoch = 2,
                                 .log = &log};
    if (worker_run(&start) != WORKER_DONE)
        _exit(1);
}

static void workers_send(void *way, const struct load *load, uint32_t sender)
{
    static const mpipe_processor processor = {MPIPE_PROCESSOR, .flags = MPIPE_SOURCE, .name = "send",
                                              .open = bench_open, .process = send_process};
    struct bench_processor b = {.load = load};
    run(way, SENDER, sender, &processor, &b);
    two_stages_end(way);
}

static uint64_t workers_receive(void *way, const struct load *load, uint32_t receiver)
{
    static const mpipe_processor processor = {MPIPE_PROCESSOR, .name = "receive", .open = bench_open,
                                              .process = receive_process};
    struct bench_processor b = {.load = load};
    run(way, RECEIVER, receiver, &processor, &b);
    return b.sum;
}

static uint64_t workers_rally(void *way, const struct load *load, uint32_t side, uint32_t *ns)
{
    static const mpipe_processor processor = {MPIPE_PROCESSOR, .name = "rally", .open = bench_open,
                                              .process = rally_process};
    struct bench_processor b = {.load = load, .pipeline = way, .side = side, .ns = ns};
    run(way, side, 0, &processor, &b);
    return b.sum;
}

const struct way way_workers = {
    .name = "micropipe, workers and SDK",
    .rate = 5e6,
    .side_max = SIDE_WORKERS_MAX,
    .ignores_batch = 1,
    .open = workers_open,
    .send = workers_send,
    .receive = workers_receive,
    .rally = workers_rally,
    .close = workers_close,
};
