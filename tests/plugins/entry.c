/* Does one bad deed in mpipe_plugin_v1(), or in the struct that it returns. */
#include <micropipe/micropipe.h>
#include <signal.h>
#include <unistd.h>

static mpipe_status pass_process(void *self, const mpipe_io *io, mpipe_frame *frame)
{
    (void)self;
    return mpipe_emit(io, 0, frame);
}

__attribute__((unused)) static const mpipe_processor pass = {
#if defined(DEED_SHORT_PROCESSOR)
    .struct_size = 8,
#else
    MPIPE_PROCESSOR,
#endif
    .name = "pass",
    .summary = "Hands on",
    .process = pass_process};

static const mpipe_processor *const processors[] = {
#if defined(DEED_NO_END_OF_TABLE)
#define FOUR &pass, &pass, &pass, &pass
#define SIXTEEN FOUR, FOUR, FOUR, FOUR
#define EIGHTY SIXTEEN, SIXTEEN, SIXTEEN, SIXTEEN, SIXTEEN
    EIGHTY, EIGHTY, EIGHTY, EIGHTY,
#elif defined(DEED_TWO_OF_ONE_NAME)
    &pass, &pass,
#elif !defined(DEED_NO_PROCESSORS)
    &pass,
#endif
    NULL};

static const mpipe_plugin plugin = {
#if defined(DEED_SHORT_PLUGIN)
    .struct_size = 16,
#else
    .struct_size = sizeof(mpipe_plugin),
#endif
#if defined(DEED_MAJOR_2)
    .abi_major = 2,
#else
    .abi_major = MPIPE_ABI_MAJOR,
#endif
#if defined(DEED_MINOR_3)
    .abi_minor = 3,
#endif
    .sdk_version = MPIPE_VERSION_NUMBER,
#if defined(DEED_BAD_PACK_NAME)
    .pack = "Entry Point",
#else
    .pack = "entry",
#endif
    .version = "1.0.0",
    .processors = processors,
};

const mpipe_plugin *mpipe_plugin_v1(void)
{
#if defined(DEED_HANG)
    for (;;)
        pause();
#elif defined(DEED_SEGV)
    raise(SIGSEGV);
#elif defined(DEED_NULL)
    return NULL;
#elif defined(DEED_WILD_POINTER)
    return (const mpipe_plugin *)16;
#endif
    return &plugin;
}
