/* core.null: takes every frame and does nothing with it. */
#include "core.h"

static mpipe_status null_process(void *self, const mpipe_io *io, mpipe_frame *frame)
{
    (void)self;
    mpipe_drop(io, frame);
    return MPIPE_OK;
}

static const mpipe_port *const no_outputs[] = {NULL};

const mpipe_processor core_null = {
    MPIPE_PROCESSOR,
    .flags = MPIPE_STATELESS | MPIPE_DETERMINISTIC,
    .name = "null",
    .summary = "Takes every frame and does nothing with it",
    .example = "core.generate count=1000 | core.null",
    .outputs = no_outputs,
    .process = null_process,
};
