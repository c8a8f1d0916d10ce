/* good: uses every cell of the tables. */
#include <micropipe/micropipe.h>

static mpipe_status scale_process(void *self, const mpipe_io *io, mpipe_frame *frame)
{
    (void)self;
    return mpipe_emit(io, 0, frame);
}

static const char *const filters[] = {"box", "lanczos", NULL};

static const mpipe_option shorter = {.name = "shorter",
                                     .type = MPIPE_INT,
                                     .fallback = "256",
                                     .min = "1",
                                     .max = "65535",
                                     .unit = "pixels",
                                     .doc = "Length of the shorter side."};
static const mpipe_option filter = {
    .name = "filter", .type = MPIPE_CHOICE, .fallback = "box", .choices = filters, .doc = "How pixels are averaged."};
static const mpipe_option sharpen = {
    .name = "sharpen", .type = MPIPE_FLOAT, .fallback = "0.5", .min = "0", .max = "1", .doc = "Strength: 0 is none."};
static const mpipe_option gamma = {.name = "gamma", .type = MPIPE_BOOL, .fallback = "true", .doc = "In linear light."};
static const mpipe_option cache = {.name = "cache",
                                   .type = MPIPE_SIZE,
                                   .fallback = "1.5M",
                                   .min = "64K",
                                   .max = "1G",
                                   .unit = "bytes",
                                   .doc = "Memory for what was computed before."};
static const mpipe_option patience = {
    .name = "patience", .type = MPIPE_TIME, .fallback = "250ms", .max = "5m", .doc = "How long one frame may take."};
static const mpipe_option sides = {
    .name = "sides", .type = MPIPE_INT | MPIPE_LIST, .fallback = "1, 2,3", .min = "1", .doc = "Which sides."};
static const mpipe_option profile = {.name = "profile",
                                     .type = MPIPE_PATH,
                                     .flags = MPIPE_REQUIRED | MPIPE_MUST_EXIST,
                                     .doc = "Colour profile; this text is long enough that it must be broken "
                                            "over more than one line of a terminal of eighty columns."};
static const mpipe_option *const options[] = {&shorter,  &filter, &sharpen, &gamma, &cache,
                                              &patience, &sides,  &profile, NULL};

static const mpipe_port in = {.name = "in", .doc = "Images.", .type = MPIPE_IMAGE};
static const mpipe_port out = {.name = "out", .doc = "Scaled images.", .type = MPIPE_IMAGE};
static const mpipe_port errors = {.name = "errors", .doc = "What could not be scaled.", .flags = MPIPE_PORT_OPTIONAL};
static const mpipe_port *const inputs[] = {&in, NULL};
static const mpipe_port *const outputs[] = {&out, &errors, NULL};
static const char *const needs[] = {"mpipe.wait/1", NULL};

static const mpipe_processor scale = {
    MPIPE_PROCESSOR,
    .flags = MPIPE_STATELESS | MPIPE_DETERMINISTIC,
    .name = "scale",
    .summary = "Scales images",
    .example = "files.read path=photos | good.scale shorter=64 profile=srgb.icc | core.null",
    .options = options,
    .inputs = inputs,
    .outputs = outputs,
    .needs = needs,
    .state_size = 4096,
    .process = scale_process,
};

static mpipe_status count_run(void *self, const mpipe_io *io)
{
    (void)self;
    (void)io;
    return MPIPE_END;
}

static const mpipe_processor count = {MPIPE_PROCESSOR, .flags = MPIPE_SOURCE, .name = "count", .summary = "Counts",
                                      .run = count_run};

MPIPE_PLUGIN("good", "1.4.2", &scale, &count)
