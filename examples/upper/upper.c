/* upper.c: ASCII letters to upper case. */
#include <ctype.h>
#include <micropipe/micropipe.h>

static mpipe_status upper_process(void *self, const mpipe_io *io, mpipe_frame *frame)
{
    (void)self;
    uint8_t *text = mpipe_writable(io, &frame);
    if (!text)
        return MPIPE_NO_MEMORY;
    for (uint64_t i = 0; i < frame->size; i++)
        text[i] = (uint8_t)toupper(text[i]);
    return mpipe_emit(io, 0, frame);
}

static const mpipe_processor upper = {MPIPE_PROCESSOR, .flags = MPIPE_STATELESS | MPIPE_MUTATES, .name = "upper",
                                      .summary = "ASCII letters to upper case", .process = upper_process};
MPIPE_PLUGIN("upper", "1.0.0", &upper)
