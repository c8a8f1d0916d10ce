/* A pack whose name and version are given when it is built: to see which one of two is found. */
#include <micropipe/micropipe.h>

static mpipe_status pass_process(void *self, const mpipe_io *io, mpipe_frame *frame)
{
    (void)self;
    return mpipe_emit(io, 0, frame);
}

static const mpipe_processor pass = {MPIPE_PROCESSOR, .name = "pass", .summary = "Hands on", .process = pass_process};

MPIPE_PLUGIN(PACK, VERSION, &pass)
