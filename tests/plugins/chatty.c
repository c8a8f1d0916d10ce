/* chatty: prints more than a pipe holds before it answers, and is whole all the same. */
#include <micropipe/micropipe.h>
#include <stdio.h>

__attribute__((constructor)) static void talk(void)
{
    for (int i = 0; i < 40000; i++)
        fprintf(i % 2 ? stdout : stderr, "chatty: line %d of far too many\n", i);
}

static mpipe_status pass_process(void *self, const mpipe_io *io, mpipe_frame *frame)
{
    (void)self;
    return mpipe_emit(io, 0, frame);
}

static const mpipe_processor pass = {MPIPE_PROCESSOR, .name = "pass", .summary = "Hands on", .process = pass_process};

MPIPE_PLUGIN("chatty", "1.0.0", &pass)
