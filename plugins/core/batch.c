/* core.batch: packs frames into one; core.unbatch gives them back as they were. The layout is in batch_format.h.
 *
 * The frames of the batch that is being gathered are kept in the worker's journal, so a worker that dies loses none:
 * its successor is given them again. The transaction that sends a batch is the one that drops them.
 *
 * Order of work that exactly-once rests on: nothing of `b` changes before the steps that can fail, create and emit, are
 * behind us; then frames are dropped and forgotten. Before run() returns MPIPE_NO_MEMORY, what was kept in
 * this transaction is committed, since the roll-back that follows would otherwise take it back under our feet.
 */
#include <stdlib.h>
#include <time.h>

#include "batch_format.h"
#include "core.h"

struct batch {
    const mpipe_host *host;
    uint32_t size;
    uint64_t max_bytes;
    int64_t timeout_ns;
    uint32_t count;       /* frames that are kept */
    uint64_t bytes;       /* of the batch that they make */
    int64_t first_ns;     /* when the first of them came */
    uint64_t short_count; /* batches sent early because memory was short */
    mpipe_frame *frames[BATCH_FRAMES_MAX];
};

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* A frame that need not move for its type and time: of two sizes at once a share of one span has no room. The largest
 * of all takes whole spans, and has that room in any case. */
static mpipe_frame *create(const struct batch *b, const mpipe_io *io)
{
    uint64_t roomy = b->bytes + MPIPE_TAIL_ROOM;
    return mpipe_create(io, roomy <= b->host->max_frame ? roomy : b->bytes, NULL);
}

/* MPIPE_NO_MEMORY: nothing has changed, and no frame is left over. */
static mpipe_status try_to_send(const struct batch *b, const mpipe_io *io)
{
    mpipe_frame *out = create(b, io);
    if (!out)
        return MPIPE_NO_MEMORY;
    mpipe_status status = mpipe_resize(io, &out, b->bytes);
    uint8_t *to = status == MPIPE_OK ? mpipe_writable(io, &out) : NULL;
    if (to) {
        to = batch_put_header(to, b->count, b->bytes);
        for (uint32_t i = 0; i < b->count; i++)
            to = batch_put_frame(io, b->frames[i], to);
        out->type = mpipe_type(BATCH_TYPE);
        out->sequence = b->frames[0]->sequence;
        out->time_ns = b->frames[0]->time_ns;
        status = mpipe_emit_sync(io, 0, out, MPIPE_FOREVER);
    }
    if (to && status == MPIPE_OK)
        return MPIPE_OK;
    mpipe_drop(io, out);
    return to ? status : MPIPE_NO_MEMORY;
}

static mpipe_status send_batch(struct batch *b, const mpipe_io *io)
{
    if (!b->count)
        return MPIPE_OK;
    mpipe_status status = try_to_send(b, io);
    if (status == MPIPE_NO_MEMORY) {
        mpipe_status committed = mpipe_flush_out(io, MPIPE_FOREVER);
        status = committed < 0 ? committed : try_to_send(b, io);
    }
    if (status != MPIPE_OK)
        return status;
    for (uint32_t i = 0; i < b->count; i++)
        mpipe_drop(io, b->frames[i]);
    b->count = 0;
    b->bytes = BATCH_HEADER_SIZE;
    return MPIPE_OK;
}

/* The journal may count the frames that this transaction drops until it is committed. */
static mpipe_status keep(const mpipe_io *io, mpipe_frame *frame)
{
    mpipe_status status = mpipe_keep(io, frame);
    if (status != MPIPE_FULL)
        return status;
    status = mpipe_flush_out(io, MPIPE_FOREVER);
    return status < 0 ? status : mpipe_keep(io, frame);
}

static mpipe_status add(struct batch *b, const mpipe_io *io, mpipe_frame *frame)
{
    uint64_t size = batch_frame_size(io, frame);
    if (BATCH_HEADER_SIZE + size > b->host->max_frame)
        return mpipe_fail(
            io, MPIPE_BAD_FRAME,
            "a batch of this frame alone takes %llu bytes, and stage '%s' can create %llu at most: raise its memory",
            (unsigned long long)(BATCH_HEADER_SIZE + size), b->host->stage, (unsigned long long)b->host->max_frame);
    if (b->count && b->bytes + size > b->max_bytes) {
        mpipe_status sent = send_batch(b, io);
        if (sent != MPIPE_OK)
            return sent;
    }
    mpipe_status status = keep(io, frame);
    if (status != MPIPE_OK)
        return mpipe_fail(io, MPIPE_FATAL, "the host does not keep the frame (status %d)", status);
    if (!b->count)
        b->first_ns = now_ns();
    b->frames[b->count++] = frame;
    b->bytes += size;
    return MPIPE_OK;
}

/* A stage upstream waits for memory that our frames occupy. */
static mpipe_status send_early(struct batch *b, const mpipe_io *io)
{
    if (!b->count)
        return MPIPE_OK;
    if (!b->short_count++)
        mpipe_log(
            b->host, MPIPE_LOG_WARNING,
            "memory is short: sending a batch of %u frames instead of %u; raise the pipeline's memory, or lower size",
            b->count, b->size);
    return send_batch(b, io);
}

static int64_t time_left(const struct batch *b)
{
    if (!b->count || !b->timeout_ns)
        return MPIPE_FOREVER;
    int64_t left = b->first_ns + b->timeout_ns - now_ns();
    return left > 0 ? left : 0;
}

static mpipe_status step(struct batch *b, const mpipe_io *io)
{
    int64_t left = time_left(b);
    if (b->count >= b->size || left == 0)
        return send_batch(b, io);
    mpipe_frame *frame;
    mpipe_status status = mpipe_get_sync(io, MPIPE_ANY_PORT, left, &frame), sent;
    switch (status) {
    case MPIPE_OK:
        return add(b, io, frame);
    case MPIPE_TIMEOUT:
        return send_batch(b, io);
    case MPIPE_EMPTY:
        return send_early(b, io);
    case MPIPE_END:
    case MPIPE_STOP:
        sent = send_batch(b, io);
        return sent == MPIPE_OK ? MPIPE_END : sent;
    default:
        return status;
    }
}

static mpipe_status batch_run(void *self, const mpipe_io *io)
{
    mpipe_status status = MPIPE_OK;
    while (status == MPIPE_OK)
        status = step(self, io);
    return status == MPIPE_END ? MPIPE_OK : status;
}

static mpipe_status batch_open(const mpipe_host *host, void *shared, void **self)
{
    (void)shared;
    struct batch *b = calloc(1, sizeof *b);
    if (!b)
        return MPIPE_NO_MEMORY;
    uint64_t max_bytes = (uint64_t)mpipe_option_int(host, "max_bytes");
    b->host = host;
    b->size = (uint32_t)mpipe_option_int(host, "size");
    b->max_bytes = max_bytes && max_bytes < host->max_frame ? max_bytes : host->max_frame;
    b->timeout_ns = mpipe_option_int(host, "timeout");
    b->bytes = BATCH_HEADER_SIZE;
    *self = b;
    return MPIPE_OK;
}

static void batch_close(void *self)
{
    const struct batch *b = self;
    if (b->short_count)
        mpipe_log(b->host, MPIPE_LOG_INFO, "%llu batches went early because memory was short",
                  (unsigned long long)b->short_count);
    free(self);
}

static const mpipe_option size_option = {
    .name = "size",
    .type = MPIPE_INT,
    .fallback = "64",
    .min = "1",
    .max = "4096",
    .unit = "frames",
    .doc = "How many frames a batch has; fewer at the end, after `timeout`, at `max_bytes`, and when memory is short.",
};
static const mpipe_option max_bytes_option = {
    .name = "max_bytes",
    .type = MPIPE_SIZE,
    .fallback = "0",
    .min = "0",
    .unit = "bytes",
    .doc = "A batch is sent before it would grow beyond this, unless it has one frame only; 0: the largest frame of "
           "the stage.",
};
static const mpipe_option timeout_option = {
    .name = "timeout",
    .type = MPIPE_TIME,
    .fallback = "0",
    .min = "0",
    .doc = "A batch is sent this long after its first frame came, however many it has by then; 0: it waits until it is "
           "full.",
};

static const mpipe_option *const batch_options[] = {&size_option, &max_bytes_option, &timeout_option, NULL};

const mpipe_processor core_batch = {
    MPIPE_PROCESSOR,
    .name = "batch",
    .summary = "Packs frames into one; core.unbatch gives them back",
    .example = "core.generate count=1000 | core.batch size=100 | core.unbatch | core.null",
    .options = batch_options,
    .open = batch_open,
    .run = batch_run,
    .close = batch_close,
};
