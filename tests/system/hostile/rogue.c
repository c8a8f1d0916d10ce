/* Processors that do what they may, at the worst moment, and what they may not. */
#include <micropipe/ext/wait.h>
#include <micropipe/micropipe.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct rogue {
    const mpipe_host *host;
    uint64_t size;
    uint64_t count;
};

static mpipe_status rogue_open(const mpipe_host *host, void *shared, void **self)
{
    struct rogue *r = calloc(1, sizeof *r);
    (void)shared;
    if (!r)
        return MPIPE_NO_MEMORY;
    r->host = host;
    r->size = (uint64_t)mpipe_option_int(host, "size");
    r->count = (uint64_t)mpipe_option_int(host, "count");
    *self = r;
    return MPIPE_OK;
}

static void rogue_close(void *self)
{
    free(self);
}

static const mpipe_option size_option = {
    "size", MPIPE_SIZE, 0, "64", "1", NULL, "bytes", NULL, "Size of each frame that is made."};
static const mpipe_option count_option = {"count", MPIPE_INT, 0, "2", "1", NULL, NULL, NULL, "How many frames."};
static const mpipe_option *const options[] = {&size_option, &count_option, NULL};

/* Pull style: passes frames on, and dies of the first `count` of them, which share a claim. */
static mpipe_status poisoned_run(void *self, const mpipe_io *io)
{
    const struct rogue *r = self;
    mpipe_frame *frame;
    for (;;) {
        mpipe_status status = mpipe_get(io, MPIPE_ANY_PORT, &frame);
        if (status == MPIPE_EMPTY || status == MPIPE_TIMEOUT)
            status = mpipe_get_sync(io, MPIPE_ANY_PORT, MPIPE_FOREVER, &frame);
        if (status == MPIPE_END || status == MPIPE_STOP)
            return MPIPE_END;
        if (status != MPIPE_OK)
            continue;
        if (frame->sequence >= 100 && frame->sequence < 100 + r->count)
            abort();
        status = mpipe_emit(io, 0, frame);
        if (status != MPIPE_OK)
            return status;
    }
}

static const mpipe_processor poisoned = {
    MPIPE_PROCESSOR,      .name = "poisoned", .summary = "Dies of frames 100 to 100 + count",
    .options = options,   .open = rogue_open, .run = poisoned_run,
    .close = rogue_close,
};

/* `count` frames from each, each with the place of the input and its own. */
static mpipe_status split_process(void *self, const mpipe_io *io, mpipe_frame *frame)
{
    const struct rogue *r = self;
    for (uint64_t i = 0; i < r->count; i++) {
        mpipe_frame *out = mpipe_create(io, r->size, NULL);
        uint64_t *words =
            out && mpipe_resize(io, &out, 16) == MPIPE_OK ? (uint64_t *)(void *)mpipe_writable(io, &out) : NULL;
        if (!words)
            return MPIPE_NO_MEMORY;
        words[0] = frame->sequence;
        words[1] = i;
        mpipe_status status = mpipe_emit(io, 0, out);
        if (status != MPIPE_OK)
            return status;
    }
    return MPIPE_OK;
}

static const mpipe_processor split = {
    MPIPE_PROCESSOR,    .flags = MPIPE_STATELESS, .name = "split",          .summary = "Makes count frames of each",
    .options = options, .open = rogue_open,       .process = split_process, .close = rogue_close,
};

/* Pull style: makes frames for ever. */
static mpipe_status endless_run(void *self, const mpipe_io *io)
{
    const struct rogue *r = self;
    for (;;) {
        mpipe_frame *out = mpipe_create(io, r->size, NULL);
        if (!out) {
            mpipe_status status = mpipe_flush_out(io, MPIPE_FOREVER);
            if (status == MPIPE_STOP)
                return MPIPE_END;
            out = status == MPIPE_OK ? mpipe_create(io, r->size, NULL) : NULL;
        }
        if (!out)
            return MPIPE_NO_MEMORY;
        mpipe_resize(io, &out, r->size);
        mpipe_status status = mpipe_emit_sync(io, 0, out, MPIPE_FOREVER);
        if (status == MPIPE_STOP)
            return MPIPE_END;
        if (status != MPIPE_OK)
            return status;
    }
}

static const mpipe_processor endless = {
    MPIPE_PROCESSOR,    .flags = MPIPE_SOURCE, .name = "endless",  .summary = "Makes frames for ever",
    .options = options, .open = rogue_open,    .run = endless_run, .close = rogue_close,
};

/* Pull style: `count` new frames from each, all in hand at once. */
static mpipe_status hoard_run(void *self, const mpipe_io *io)
{
    const struct rogue *r = self;
    mpipe_frame *frame;
    for (;;) {
        mpipe_status status = mpipe_get_sync(io, MPIPE_ANY_PORT, MPIPE_FOREVER, &frame);
        if (status == MPIPE_END || status == MPIPE_STOP)
            return MPIPE_END;
        for (uint64_t i = 0; status == MPIPE_OK && i < r->count; i++) {
            mpipe_frame *out = mpipe_create(io, r->size, frame);
            status = out ? mpipe_emit(io, 0, out) : MPIPE_NO_MEMORY;
        }
        if (status < 0 && status != MPIPE_EMPTY)
            return status;
    }
}

static const mpipe_processor hoard = {
    MPIPE_PROCESSOR,      .name = "hoard",    .summary = "Makes count large frames of each",
    .options = options,   .open = rogue_open, .run = hoard_run,
    .close = rogue_close,
};

static void rest(long ns)
{
    struct timespec t = {0, ns};
    nanosleep(&t, NULL);
}

/* Pull style: refuses each `count`th frame, and takes its time before it asks for the next after that. */
static mpipe_status picky_run(void *self, const mpipe_io *io)
{
    const struct rogue *r = self;
    mpipe_frame *frame;
    rest(5000000);
    for (;;) {
        mpipe_status status = mpipe_get_sync(io, MPIPE_ANY_PORT, MPIPE_FOREVER, &frame);
        if (status == MPIPE_END || status == MPIPE_STOP)
            return MPIPE_END;
        if (status != MPIPE_OK)
            continue;
        rest(20000);
        if (frame->sequence % r->count == 0)
            return mpipe_fail(io, MPIPE_BAD_FRAME, "it is the %lluth", (unsigned long long)r->count);
        status = mpipe_emit(io, 0, frame);
        if (status != MPIPE_OK)
            return status;
    }
}

static const mpipe_processor picky = {
    MPIPE_PROCESSOR,      .name = "picky",    .summary = "Refuses each count-th frame",
    .options = options,   .open = rogue_open, .run = picky_run,
    .close = rogue_close,
};

MPIPE_PLUGIN("rogue", "1.0.0", &poisoned, &split, &endless, &hoard, &picky)
