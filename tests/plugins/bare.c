/* bare: the least that is a plugin; and a struct that is longer than this host's, as of a later minor. */
#include <micropipe/micropipe.h>

static mpipe_status pass_process(void *self, const mpipe_io *io, mpipe_frame *frame)
{
    (void)self;
    return mpipe_emit(io, 0, frame);
}

static const struct {
    mpipe_processor processor;
    uint8_t later[64];
} pass = {{.struct_size = sizeof pass, .name = "pass", .summary = "Hands on", .process = pass_process}, {0xff}};

MPIPE_PLUGIN("bare", "0.1", &pass.processor)
