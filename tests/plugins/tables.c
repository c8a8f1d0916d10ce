/* One mistake in a processor's tables. */
#include <micropipe/micropipe.h>

static mpipe_status pass_process(void *self, const mpipe_io *io, mpipe_frame *frame)
{
    (void)self;
    return mpipe_emit(io, 0, frame);
}

#if defined(DEED_BOTH_STYLES)
static mpipe_status pass_run(void *self, const mpipe_io *io)
{
    (void)self;
    (void)io;
    return MPIPE_OK;
}
#endif

#if defined(DEED_DEFAULT_NO_CHOICE)
static const char *const choices[] = {"red", "green", NULL};
#elif defined(DEED_CHOICE_TWICE)
static const char *const choices[] = {"red", "red", NULL};
#endif

static const mpipe_option option = {
    .name = "amount",
#if defined(DEED_GARBAGE_DEFAULT)
    .type = MPIPE_SIZE,
    .fallback = "64 elephants",
#elif defined(DEED_DEFAULT_BELOW_MIN)
    .type = MPIPE_TIME,
    .fallback = "250ms",
    .min = "1s",
#elif defined(DEED_DEFAULT_NO_CHOICE)
    .type = MPIPE_CHOICE,
    .fallback = "blue",
    .choices = choices,
#elif defined(DEED_CHOICE_TWICE)
    .type = MPIPE_CHOICE,
    .fallback = "red",
    .choices = choices,
#elif defined(DEED_REQUIRED_WITH_DEFAULT)
    .type = MPIPE_INT,
    .flags = MPIPE_REQUIRED,
    .fallback = "1",
#elif defined(DEED_UNKNOWN_TYPE)
    .type = 99,
#elif defined(DEED_BOUNDS_ON_TEXT)
    .type = MPIPE_STRING,
    .min = "a",
#elif defined(DEED_BAD_LIST_ITEM)
    .type = MPIPE_INT | MPIPE_LIST,
    .fallback = "1, 2, three",
#else
    .type = MPIPE_INT,
#endif
#if !defined(DEED_NO_DOC)
    .doc = "How much.",
#endif
};
static const mpipe_option *const options[] = {&option,
#if defined(DEED_TWO_OPTIONS_OF_ONE_NAME)
                                              &option,
#endif
                                              NULL};

static const mpipe_port port = {.name = "frames", .doc = "Frames."};
static const mpipe_port *const ports[] = {
#if defined(DEED_NO_INPUT)
    NULL,
#elif defined(DEED_TWO_PORTS_OF_ONE_NAME)
    &port,
#endif
    &port, NULL};

static const mpipe_processor pass = {
    MPIPE_PROCESSOR,
#if defined(DEED_UNKNOWN_FLAG)
    .flags = 1u << 20,
#elif defined(DEED_UNKNOWN_HINT)
    .flags = 1u << 12,
#elif defined(DEED_SOURCE_WITH_INPUT)
    .flags = MPIPE_SOURCE,
#endif
#if defined(DEED_BAD_NAME)
    .name = "Pass",
#else
    .name = "pass",
#endif
#if defined(DEED_NOT_UTF8)
    .summary = "Hands \xff on",
#elif !defined(DEED_NO_SUMMARY)
    .summary = "Hands on",
#endif
    .options = options,
    .inputs = ports,
#if defined(DEED_LARGE_STATE)
    .state_size = 65537,
#endif
#if defined(DEED_BOTH_STYLES)
    .run = pass_run,
#endif
#if !defined(DEED_NO_STYLE)
    .process = pass_process,
#endif
};

#if defined(DEED_NO_STYLE)
const void *tables_unused(void);
const void *tables_unused(void)
{
    return (const void *)&pass_process;
}
#endif

MPIPE_PLUGIN("tables_unknown_hint", "1.0.0", &pass)
