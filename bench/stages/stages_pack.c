/* The processors of bench_stages: as little work as a frame can be, in any number of workers. */
#include <micropipe/micropipe.h>
#include <stdlib.h>
#include <string.h>

enum { FRAMES_PER_CALL = 64, WORDS = 8 };

struct give_state {
    uint64_t next;
};

struct give {
    struct give_state *state;
    uint64_t end, size; /* of this worker's frames */
};

static mpipe_status give_open(const mpipe_host *host, void *shared, void **self)
{
    struct give *g = malloc(sizeof *g);
    (void)shared;
    if (!g)
        return MPIPE_NO_MEMORY;
    g->state = host->state;
    g->size = (uint64_t)mpipe_option_int(host, "size");
    uint64_t count = (uint64_t)mpipe_option_int(host, "count");
    g->end = count / host->workers_max + (host->worker < count % host->workers_max);
    *self = g;
    return MPIPE_OK;
}

static mpipe_status give_frame(const struct give *g, const mpipe_io *io)
{
    mpipe_frame *frame = mpipe_create(io, g->size, NULL);
    if (!frame || mpipe_resize(io, &frame, g->size) != MPIPE_OK)
        return MPIPE_NO_MEMORY;
    uint8_t *to = mpipe_writable(io, &frame);
    if (!to)
        return MPIPE_NO_MEMORY;
    for (uint64_t k = 0; k < WORDS && k < g->size / 8; k++) {
        uint64_t word = g->state->next + k;
        memcpy(to + k * 8, &word, sizeof word);
    }
    return mpipe_emit(io, 0, frame);
}

/* The first 64 bytes of each frame are written. */
static mpipe_status give_process(void *self, const mpipe_io *io, mpipe_frame *none)
{
    const struct give *g = self;
    (void)none;
    if (g->state->next == g->end)
        return MPIPE_END;
    for (int i = 0; i < FRAMES_PER_CALL && g->state->next < g->end; i++) {
        mpipe_status status = give_frame(g, io);
        if (status != MPIPE_OK)
            return i > 0 && status == MPIPE_NO_MEMORY ? MPIPE_OK : status;
        g->state->next++;
    }
    return MPIPE_OK;
}

static mpipe_status pass_process(void *self, const mpipe_io *io, mpipe_frame *frame)
{
    (void)self;
    return mpipe_emit(io, 0, frame);
}

static mpipe_status take_open(const mpipe_host *host, void *shared, void **self)
{
    (void)host;
    (void)shared;
    *self = calloc(1, sizeof(uint64_t));
    return *self ? MPIPE_OK : MPIPE_NO_MEMORY;
}

/* The same bytes are read. */
static mpipe_status take_process(void *self, const mpipe_io *io, mpipe_frame *frame)
{
    uint64_t *sum = self;
    (void)io;
    for (uint64_t k = 0; k < WORDS && k < frame->size / 8; k++) {
        uint64_t word;
        memcpy(&word, frame->data + k * 8, sizeof word);
        *sum += word;
    }
    return MPIPE_OK;
}

static const mpipe_option count_option = {.name = "count", .type = MPIPE_INT, .min = "0", .doc = "Frames in all."};
static const mpipe_option size_option = {
    .name = "size", .type = MPIPE_SIZE, .fallback = "64", .min = "8", .doc = "Of a frame."};
static const mpipe_option *const give_options[] = {&count_option, &size_option, NULL};
static const mpipe_port *const no_outputs[] = {NULL};

static const mpipe_processor give = {
    MPIPE_PROCESSOR,         .flags = MPIPE_SOURCE,
    .name = "give",          .summary = "Frames of one size",
    .options = give_options, .state_size = sizeof(struct give_state),
    .open = give_open,       .process = give_process,
    .close = free,
};

static const mpipe_processor pass = {
    MPIPE_PROCESSOR,         .flags = MPIPE_STATELESS, .name = "pass", .summary = "Passes each frame on",
    .process = pass_process,
};

static const mpipe_processor take = {
    MPIPE_PROCESSOR,         .flags = MPIPE_STATELESS,
    .name = "take",          .summary = "Reads the first bytes of each frame",
    .outputs = no_outputs,   .open = take_open,
    .process = take_process, .close = free,
};

MPIPE_PLUGIN("stages", "1.0.0", &give, &pass, &take)
