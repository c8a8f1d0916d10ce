/* core.take: lets the first frames pass and drops the rest. */
#include <stdlib.h>

#include "core.h"

struct take_state {
    uint64_t taken;
};

struct take {
    struct take_state *state; /* the host's: commits with the outputs, so a successor counts on */
    uint64_t count;
};

static mpipe_status take_open(const mpipe_host *host, void *shared, void **self)
{
    (void)shared;
    struct take *take = calloc(1, sizeof *take);
    if (!take)
        return MPIPE_NO_MEMORY;
    take->state = host->state;
    take->count = (uint64_t)mpipe_option_int(host, "count");
    *self = take;
    return MPIPE_OK;
}

static mpipe_status take_process(void *self, const mpipe_io *io, mpipe_frame *frame)
{
    const struct take *take = self;
    if (take->state->taken >= take->count) {
        mpipe_drop(io, frame);
        return MPIPE_OK;
    }
    take->state->taken++;
    return mpipe_emit(io, 0, frame);
}

static const mpipe_option count_option = {
    .name = "count",
    .type = MPIPE_INT,
    .flags = MPIPE_REQUIRED,
    .min = "0",
    .unit = "frames",
    .doc = "How many frames pass; all later ones are dropped.",
};

static const mpipe_option *const take_options[] = {&count_option, NULL};

const mpipe_processor core_take = {
    MPIPE_PROCESSOR,
    .flags = MPIPE_SERIAL,
    .name = "take",
    .summary = "Lets the first frames pass and drops the rest",
    .example = "core.generate count=1000 | core.take count=10 | core.null",
    .options = take_options,
    .state_size = sizeof(struct take_state),
    .open = take_open,
    .process = take_process,
    .close = free,
};
