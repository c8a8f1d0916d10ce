/* The processors of bench_recovery: a source that keeps time, and a stage that works for a while on each frame. */
#include <micropipe/micropipe.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { FRAME_BYTES = 4096 };

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000 + t.tv_nsec;
}

struct paced {
    int64_t period_ns;
};

static mpipe_status period_open(const mpipe_host *host, void *shared, void **self)
{
    struct paced *paced = malloc(sizeof *paced);
    (void)shared;
    if (!paced)
        return MPIPE_FATAL;
    paced->period_ns = mpipe_option_int(host, "period");
    *self = paced;
    return MPIPE_OK;
}

/* A frame a period, each committed at once. What it could not send in time is not made up for. */
static mpipe_status paced_run(void *self, const mpipe_io *io)
{
    const struct paced *paced = self;
    for (int64_t due = now_ns();; due += paced->period_ns) {
        struct timespec until = {due / 1000000000, due % 1000000000};
        if (now_ns() > due + paced->period_ns)
            due = now_ns();
        else
            clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
        mpipe_frame *frame = mpipe_create(io, FRAME_BYTES, NULL);
        if (!frame)
            return MPIPE_NO_MEMORY;
        memset(mpipe_writable(io, &frame), 1, FRAME_BYTES);
        mpipe_resize(io, &frame, FRAME_BYTES);
        mpipe_status status = mpipe_emit_sync(io, 0, frame, MPIPE_FOREVER);
        if (status == MPIPE_OK)
            status = mpipe_flush_out(io, MPIPE_FOREVER);
        if (status == MPIPE_STOP)
            return MPIPE_END;
        if (status != MPIPE_OK)
            return status;
    }
}

static mpipe_status work_process(void *self, const mpipe_io *io, mpipe_frame *frame)
{
    const struct paced *paced = self;
    int64_t end = now_ns() + paced->period_ns;
    mpipe_frame *made = mpipe_create(io, frame->size, frame);
    if (!made)
        return MPIPE_NO_MEMORY;
    memcpy(mpipe_writable(io, &made), frame->data, frame->size);
    mpipe_resize(io, &made, frame->size);
    while (now_ns() < end)
        ;
    return mpipe_emit(io, 0, made);
}

static const mpipe_option period_option = {
    .name = "period", .type = MPIPE_TIME, .fallback = "0", .min = "0s", .doc = "Of a frame."};
static const mpipe_option *const options[] = {&period_option, NULL};

static const mpipe_processor paced = {
    MPIPE_PROCESSOR,    .flags = MPIPE_SOURCE | MPIPE_SERIAL,
    .name = "paced",    .summary = "A frame a period",
    .options = options, .open = period_open,
    .run = paced_run,   .close = free,
};

static const mpipe_processor work = {
    MPIPE_PROCESSOR,         .flags = MPIPE_STATELESS,
    .name = "work",          .summary = "Copies each frame, and takes its time",
    .options = options,      .open = period_open,
    .process = work_process, .close = free,
};

MPIPE_PLUGIN("recovery", "1.0.0", &paced, &work)
