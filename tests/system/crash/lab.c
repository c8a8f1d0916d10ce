/* Processors that the system tests need and nobody else: slow ones, and ones that want memory. */
#include <micropipe/ext/wait.h>
#include <micropipe/micropipe.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct lab {
    const mpipe_host *host;
    int64_t delay_ns;
    uint64_t size;
};

static mpipe_status lab_open(const mpipe_host *host, void *shared, void **self)
{
    struct lab *lab = calloc(1, sizeof *lab);
    (void)shared;
    if (!lab)
        return MPIPE_NO_MEMORY;
    lab->host = host;
    lab->delay_ns = mpipe_option_int(host, "delay");
    lab->size = (uint64_t)mpipe_option_int(host, "size");
    *self = lab;
    return MPIPE_OK;
}

static void lab_close(void *self)
{
    free(self);
}

static void sleep_for(int64_t ns)
{
    struct timespec t = {ns / 1000000000, ns % 1000000000};
    if (ns)
        nanosleep(&t, NULL);
}

static const mpipe_option delay_option = {
    "delay", MPIPE_TIME, 0, "0", "0", NULL, NULL, NULL, "How long a frame takes."};
static const mpipe_option size_option = {
    "size", MPIPE_SIZE, 0, "0", "0", NULL, "bytes", NULL, "Size of the frame that is made of each; 0: the input's."};
static const mpipe_option *const lab_options[] = {&delay_option, &size_option, NULL};

static mpipe_status pass_process(void *self, const mpipe_io *io, mpipe_frame *frame)
{
    sleep_for(((struct lab *)self)->delay_ns);
    return mpipe_emit(io, 0, frame);
}

static const mpipe_processor pass = {
    MPIPE_PROCESSOR,        .flags = MPIPE_STATELESS, .name = "pass",          .summary = "Passes frames on, slowly",
    .options = lab_options, .open = lab_open,         .process = pass_process, .close = lab_close,
};

/* A new frame from each, so that the stage's own memory is what runs out. */
static mpipe_status copy_process(void *self, const mpipe_io *io, mpipe_frame *frame)
{
    const struct lab *lab = self;
    uint64_t size = lab->size ? lab->size : frame->size;
    mpipe_frame *out = mpipe_create(io, size, frame);
    uint8_t *bytes = out ? mpipe_writable(io, &out) : NULL;
    if (!bytes)
        return MPIPE_NO_MEMORY;
    memcpy(bytes, frame->data, frame->size < size ? frame->size : size);
    if (mpipe_resize(io, &out, size) != MPIPE_OK)
        return MPIPE_NO_MEMORY;
    sleep_for(lab->delay_ns);
    return mpipe_emit(io, 0, out);
}

static const mpipe_processor copy = {
    MPIPE_PROCESSOR,         .flags = MPIPE_STATELESS,
    .name = "copy",          .summary = "Copies each frame into a new one",
    .options = lab_options,  .open = lab_open,
    .process = copy_process, .close = lab_close,
};

/* Two new frames from each, so that two workers can each have half of what they need. */
static mpipe_status pair_process(void *self, const mpipe_io *io, mpipe_frame *frame)
{
    mpipe_status status = copy_process(self, io, frame);
    return status == MPIPE_OK ? copy_process(self, io, frame) : status;
}

static const mpipe_processor pair = {
    MPIPE_PROCESSOR,         .flags = MPIPE_STATELESS,
    .name = "pair",          .summary = "Makes two copies of each frame",
    .options = lab_options,  .open = lab_open,
    .process = pair_process, .close = lab_close,
};

/* Adds one to each byte of the frame, in its own bytes if it gets them: shows whether a frame that a killed worker had
 * in hand is given again as it was. */
static mpipe_status add_process(void *self, const mpipe_io *io, mpipe_frame *frame)
{
    (void)self;
    uint8_t *bytes = mpipe_writable(io, &frame);
    if (!bytes)
        return MPIPE_NO_MEMORY;
    for (uint64_t i = 8; i < frame->size; i++)
        bytes[i]++;
    return mpipe_emit(io, 0, frame);
}

static const mpipe_processor add = {
    MPIPE_PROCESSOR,        .flags = MPIPE_STATELESS,
    .name = "add",          .summary = "Adds one to each byte but the first eight",
    .process = add_process,
};

static mpipe_status sink_process(void *self, const mpipe_io *io, mpipe_frame *frame)
{
    (void)io, (void)frame;
    sleep_for(((struct lab *)self)->delay_ns);
    return MPIPE_OK;
}

static const mpipe_port *const no_ports[] = {NULL};
static const mpipe_processor sink = {
    MPIPE_PROCESSOR,     .name = "sink",   .summary = "Takes frames, slowly", .options = lab_options,
    .outputs = no_ports, .open = lab_open, .process = sink_process,           .close = lab_close,
};

enum how { DIE_IN_OPEN, FATAL_IN_OPEN, MISFIT_IN_OPEN, MISFIT_IN_LOAD, FATAL_IN_PROCESS };

static const char *const hows[] = {"die_in_open",    "fatal_in_open",    "misfit_in_open",
                                   "misfit_in_load", "fatal_in_process", NULL};
static const mpipe_option how_option = {
    .name = "how", .type = MPIPE_CHOICE, .fallback = "die_in_open", .choices = hows, .doc = "What it does wrong."};
static const mpipe_option *const broken_options[] = {&how_option, NULL};

static mpipe_status misfit(const mpipe_host *host)
{
    mpipe_log(host, MPIPE_LOG_ERROR, "lab.broken refuses its options");
    return MPIPE_BAD_CONFIG;
}

static mpipe_status broken_load(const mpipe_host *host, void **shared)
{
    *shared = NULL;
    return mpipe_option_int(host, "how") == MISFIT_IN_LOAD ? misfit(host) : MPIPE_OK;
}

static mpipe_status broken_open(const mpipe_host *host, void *shared, void **self)
{
    (void)shared;
    *self = NULL;
    switch (mpipe_option_int(host, "how")) {
    case DIE_IN_OPEN:
        abort();
    case FATAL_IN_OPEN:
        return MPIPE_FATAL;
    case MISFIT_IN_OPEN:
        return misfit(host);
    default:
        return MPIPE_OK;
    }
}

static mpipe_status broken_process(void *self, const mpipe_io *io, mpipe_frame *frame)
{
    (void)self, (void)frame;
    return mpipe_fail(io, MPIPE_FATAL, "lab.broken cannot go on");
}

static const mpipe_processor broken = {
    MPIPE_PROCESSOR,           .flags = MPIPE_STATELESS, .name = "broken",    .summary = "Does something wrong",
    .options = broken_options, .load = broken_load,      .open = broken_open, .process = broken_process,
};

/* Memory of its own: what load() takes for all workers, and what a frame takes, without which it dies, as C++ does. */
static const mpipe_option model_option = {
    "model", MPIPE_SIZE, 0, "0", "0", NULL, "bytes", NULL, "What load() takes, for all workers."};
static const mpipe_option *const hungry_options[] = {&delay_option, &size_option, &model_option, NULL};

static mpipe_status hungry_load(const mpipe_host *host, void **shared)
{
    size_t size = (size_t)mpipe_option_int(host, "model");
    *shared = size ? malloc(size) : NULL;
    if (!*shared && size)
        abort();
    if (size)
        memset(*shared, 1, size);
    return MPIPE_OK;
}

static mpipe_status hungry_process(void *self, const mpipe_io *io, mpipe_frame *frame)
{
    const struct lab *lab = self;
    void *memory = lab->size ? malloc(lab->size) : NULL;
    if (!memory && lab->size)
        abort();
    for (size_t i = 0; memory && i < lab->size; i += 4096)
        ((volatile uint8_t *)memory)[i] = 1; /* or the compiler sees that nobody reads it */
    sleep_for(lab->delay_ns);
    free(memory);
    return mpipe_emit(io, 0, frame);
}

static const mpipe_processor hungry = {
    MPIPE_PROCESSOR,           .flags = MPIPE_STATELESS, .name = "hungry", .summary = "Takes memory of its own",
    .options = hungry_options, .load = hungry_load,      .open = lab_open, .process = hungry_process,
    .close = lab_close,
};

/* A source that wants two sizes at once: it makes a frame, and then has it moved to a larger one. */
static mpipe_status grow_once(const mpipe_io *io)
{
    mpipe_frame *frame = mpipe_create(io, 8, NULL);
    if (!frame)
        return MPIPE_NO_MEMORY;
    mpipe_status status = mpipe_resize(io, &frame, 4096);
    if (status == MPIPE_OK)
        status = mpipe_emit(io, 0, frame);
    if (status != MPIPE_OK)
        mpipe_drop(io, frame);
    return status;
}

static mpipe_status grow_run(void *self, const mpipe_io *io)
{
    mpipe_status status = MPIPE_OK;
    (void)self;
    while (status == MPIPE_OK) {
        status = grow_once(io);
        if (status == MPIPE_NO_MEMORY || status == MPIPE_FULL) {
            status = mpipe_flush_out(io, MPIPE_FOREVER);
            if (status == MPIPE_OK)
                status = grow_once(io);
        }
    }
    return status == MPIPE_STOP ? MPIPE_OK : status;
}

static const mpipe_processor grow = {
    MPIPE_PROCESSOR, .flags = MPIPE_SOURCE | MPIPE_SERIAL, .name = "grow", .summary = "Makes frames that grow",
    .run = grow_run,
};

/* Keeps all frames, and makes one when it is told to flush or the stream ends: as large as a block, and then it has a
 * type, which needs a larger one. It tries again after a commit, as a keeper should. */
static mpipe_status brim_send(const mpipe_io *io)
{
    enum { FILLS_A_BLOCK = 40 };
    mpipe_frame *frame = mpipe_create(io, FILLS_A_BLOCK, NULL);
    mpipe_status status = frame ? mpipe_resize(io, &frame, FILLS_A_BLOCK) : MPIPE_NO_MEMORY;
    if (status == MPIPE_OK) {
        frame->type = mpipe_type("lab.brim");
        status = mpipe_emit(io, 0, frame);
    }
    if (frame && status != MPIPE_OK)
        mpipe_drop(io, frame);
    return status;
}

static mpipe_status brim_run(void *self, const mpipe_io *io)
{
    (void)self;
    for (;;) {
        mpipe_frame *frame;
        mpipe_status got = mpipe_get_sync(io, MPIPE_ANY_PORT, MPIPE_FOREVER, &frame);
        mpipe_status status = got == MPIPE_OK ? mpipe_keep(io, frame) : brim_send(io);
        if (status == MPIPE_NO_MEMORY) {
            mpipe_flush_out(io, MPIPE_FOREVER);
            status = brim_send(io);
        }
        if (status != MPIPE_OK || got == MPIPE_END || got == MPIPE_STOP)
            return status;
    }
}

static const mpipe_processor brim = {
    MPIPE_PROCESSOR,
    .name = "brim",
    .summary = "Keeps all frames, and makes one that does not fit into its block",
    .run = brim_run,
};

MPIPE_PLUGIN("lab", "1.0.0", &pass, &copy, &pair, &add, &sink, &broken, &hungry, &grow, &brim)
