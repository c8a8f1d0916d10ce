/* undefined_symbol: calls a function that nobody has; lazy binding would find out in a worker. */
#include <micropipe/micropipe.h>

int nobody_has_this_function(void);

static mpipe_status pass_process(void *self, const mpipe_io *io, mpipe_frame *frame)
{
    (void)self;
    return nobody_has_this_function() ? mpipe_emit(io, 0, frame) : MPIPE_FATAL;
}

static const mpipe_processor pass = {MPIPE_PROCESSOR, .name = "pass", .summary = "Hands on", .process = pass_process};

MPIPE_PLUGIN("undefined_symbol", "1.0.0", &pass)
