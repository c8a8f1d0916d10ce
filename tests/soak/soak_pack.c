/* The processors of the soak: a source of numbered frames, two that change them, one that keeps them, and a sink that
 * keeps books of them. */
#include <micropipe/micropipe.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "ledger.h"
#include "payload.h"

enum { HELD_MAX = 8, FRAMES_PER_CALL = 16 };

static mpipe_status write_frame(const mpipe_io *io, mpipe_frame **frame, uint64_t sequence, uint64_t hop)
{
    uint8_t *bytes = mpipe_writable(io, frame);
    mpipe_status status = bytes ? mpipe_resize(io, frame, payload_size(sequence, hop)) : MPIPE_NO_MEMORY;
    bytes = status == MPIPE_OK ? mpipe_writable(io, frame) : NULL;
    if (bytes)
        payload_write(bytes, sequence, hop);
    return bytes ? MPIPE_OK : MPIPE_NO_MEMORY;
}

static mpipe_status read_frame(const mpipe_io *io, const mpipe_frame *frame, struct payload_head *head)
{
    const char *wrong = payload_wrong(frame->data, frame->size, head);
    if (!wrong && head->sequence != frame->sequence)
        wrong = "it is in the block of another frame";
    return wrong ? mpipe_fail(io, MPIPE_BAD_FRAME, "frame %llu, attempt %u: %s", (unsigned long long)frame->sequence,
                              frame->attempt, wrong)
                 : MPIPE_OK;
}

struct source {
    uint64_t *next; /* the state */
    const char *pause;
    uint64_t start_ns, start_next;
    double rate;
};

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static mpipe_status source_open(const mpipe_host *host, void *shared, void **self)
{
    struct source *s = calloc(1, sizeof *s);
    (void)shared;
    if (!s)
        return MPIPE_FATAL;
    s->next = host->state;
    s->pause = mpipe_option_text(host, "pause");
    s->rate = mpipe_option_float(host, "rate");
    s->start_ns = now_ns();
    s->start_next = *s->next;
    *self = s;
    return MPIPE_OK;
}

/* While the file `pause` is there it makes nothing, so that the driver can look at a pipeline at rest. */
static mpipe_status source_process(void *self, const mpipe_io *io, mpipe_frame *none)
{
    struct source *s = self;
    (void)none;
    uint64_t now = now_ns();
    uint64_t due = s->start_next + (uint64_t)((double)(now - s->start_ns) * s->rate / 1e9);
    if (access(s->pause, F_OK) == 0) {
        s->start_ns = now;
        s->start_next = *s->next;
        return MPIPE_EMPTY;
    }
    if (due <= *s->next)
        return MPIPE_EMPTY;
    for (int i = 0; i < FRAMES_PER_CALL && *s->next < due; i++) {
        mpipe_frame *frame = mpipe_create(io, payload_size(*s->next, 0), NULL);
        mpipe_status status = frame ? write_frame(io, &frame, *s->next, 0) : MPIPE_NO_MEMORY;
        if (status == MPIPE_OK) {
            frame->sequence = *s->next;
            status = mpipe_emit(io, 0, frame);
        }
        if (status != MPIPE_OK)
            return status == MPIPE_NO_MEMORY && i > 0 ? MPIPE_OK : status;
        ++*s->next;
    }
    return MPIPE_OK;
}

static const mpipe_option pause_option = {
    .name = "pause", .type = MPIPE_PATH, .flags = MPIPE_REQUIRED, .doc = "Makes nothing while this file is there."};
static const mpipe_option rate_option = {
    .name = "rate", .type = MPIPE_FLOAT, .fallback = "5000", .min = "1", .unit = "frames/s", .doc = "How fast."};
static const mpipe_option *const source_options[] = {&pause_option, &rate_option, NULL};

static const mpipe_processor source = {
    MPIPE_PROCESSOR,
    .flags = MPIPE_SOURCE | MPIPE_SERIAL | MPIPE_RESUMABLE,
    .name = "source",
    .summary = "Numbered frames of many sizes",
    .options = source_options,
    .state_size = sizeof(uint64_t),
    .open = source_open,
    .process = source_process,
    .close = free,
};

/* Half of the frames it makes anew, half it changes: all have another size afterwards. */
static mpipe_status change_process(void *self, const mpipe_io *io, mpipe_frame *frame)
{
    struct payload_head head;
    mpipe_frame *out = frame;
    (void)self;
    mpipe_status status = read_frame(io, frame, &head);
    if (status != MPIPE_OK)
        return status;
    if (head.sequence % 2)
        out = mpipe_create(io, payload_size(head.sequence, head.hop + 1), frame);
    status = out ? write_frame(io, &out, head.sequence, head.hop + 1) : MPIPE_NO_MEMORY;
    return status == MPIPE_OK ? mpipe_emit(io, 0, out) : status;
}

static const mpipe_processor change = {
    MPIPE_PROCESSOR,           .flags = MPIPE_STATELESS | MPIPE_DETERMINISTIC,
    .name = "change",          .summary = "Frames of another size",
    .process = change_process,
};

/* Changes its input in place if nobody else holds it. One that was given before may be changed in part already: then
 * its bytes say nothing. */
static mpipe_status rewrite_process(void *self, const mpipe_io *io, mpipe_frame *frame)
{
    struct payload_head head;
    (void)self;
    mpipe_status status = frame->attempt > 1 ? MPIPE_OK : read_frame(io, frame, &head);
    if (status != MPIPE_OK)
        return status;
    status = write_frame(io, &frame, frame->sequence, 2);
    return status == MPIPE_OK ? mpipe_emit(io, 0, frame) : status;
}

static const mpipe_processor rewrite = {
    MPIPE_PROCESSOR,
    .flags = MPIPE_STATELESS | MPIPE_DETERMINISTIC | MPIPE_MUTATES,
    .name = "rewrite",
    .summary = "Frames of another size, in place",
    .process = rewrite_process,
};

struct hold {
    mpipe_frame *frames[HELD_MAX];
    uint32_t n;
};

static mpipe_status hold_open(const mpipe_host *host, void *shared, void **self)
{
    (void)host, (void)shared;
    *self = calloc(1, sizeof(struct hold));
    return *self ? MPIPE_OK : MPIPE_FATAL;
}

/* What a call gave up comes again if the call fails after it: so each is forgotten as soon as it is emitted. */
static mpipe_status hold_flush(void *self, const mpipe_io *io)
{
    struct hold *hold = self;
    while (hold->n > 0) {
        mpipe_status status = mpipe_emit(io, 0, hold->frames[hold->n - 1]);
        if (status != MPIPE_OK)
            return status;
        hold->n--;
    }
    return MPIPE_OK;
}

static mpipe_status hold_process(void *self, const mpipe_io *io, mpipe_frame *frame)
{
    struct hold *hold = self;
    if (hold->n < HELD_MAX) {
        mpipe_status status = mpipe_keep(io, frame);
        if (status == MPIPE_OK)
            hold->frames[hold->n++] = frame;
        return status;
    }
    mpipe_status status = mpipe_emit(io, 0, frame);
    return status == MPIPE_OK ? hold_flush(self, io) : status;
}

static const mpipe_processor hold = {
    MPIPE_PROCESSOR,   .name = "hold",          .summary = "Keeps frames, and passes them on some at a time",
    .open = hold_open, .process = hold_process, .flush = hold_flush,
    .close = free,
};

struct verify {
    struct ledger *ledger; /* the state */
    const char *path;
};

static mpipe_status verify_open(const mpipe_host *host, void *shared, void **self)
{
    struct verify *v = malloc(sizeof *v);
    (void)shared;
    if (!v)
        return MPIPE_FATAL;
    v->ledger = host->state;
    v->path = mpipe_option_text(host, "path");
    *self = v;
    return MPIPE_OK;
}

static mpipe_status verify_process(void *self, const mpipe_io *io, mpipe_frame *frame)
{
    struct ledger *ledger = ((struct verify *)self)->ledger;
    struct payload_head head;
    mpipe_status status = read_frame(io, frame, &head);
    if (status == MPIPE_OK)
        lane_note(&ledger->lanes[head.hop], head.sequence);
    return status;
}

static mpipe_status verify_flush(void *self, const mpipe_io *io)
{
    const struct verify *v = self;
    FILE *f = fopen(v->path, "wb");
    size_t written = f ? fwrite(v->ledger, sizeof *v->ledger, 1, f) : 0;
    if (f && fclose(f) == 0 && written == 1)
        return MPIPE_OK;
    return mpipe_fail(io, MPIPE_FATAL, "%s: cannot be written", v->path);
}

static const mpipe_option path_option = {
    .name = "path", .type = MPIPE_PATH, .flags = MPIPE_REQUIRED, .doc = "Where the books are written at the end."};
static const mpipe_option *const verify_options[] = {&path_option, NULL};
static const mpipe_port *const no_ports[] = {NULL};

static const mpipe_processor verify = {
    MPIPE_PROCESSOR,
    .flags = MPIPE_SERIAL,
    .name = "verify",
    .summary = "Keeps books of what comes",
    .options = verify_options,
    .outputs = no_ports,
    .state_size = sizeof(struct ledger),
    .open = verify_open,
    .process = verify_process,
    .flush = verify_flush,
    .close = free,
};

MPIPE_PLUGIN("soak", "1.0.0", &source, &change, &rewrite, &hold, &verify)
