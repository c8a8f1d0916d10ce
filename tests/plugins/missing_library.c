/* missing_library: needs a library that is not installed. */
#include <micropipe/micropipe.h>

int vanished(void);

static mpipe_status pass_process(void *self, const mpipe_io *io, mpipe_frame *frame)
{
    (void)self;
    return vanished() ? mpipe_emit(io, 0, frame) : MPIPE_FATAL;
}

static const mpipe_processor pass = {MPIPE_PROCESSOR, .name = "pass", .summary = "Hands on", .process = pass_process};

MPIPE_PLUGIN("missing_library", "1.0.0", &pass)
