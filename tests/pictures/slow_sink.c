/* A sink that takes 2 ms for a frame. */
#include <micropipe/micropipe.h>
#include <time.h>

static mpipe_status slow_process(void *self, const mpipe_io *io, mpipe_frame *frame)
{
    const struct timespec t = {0, 2000000};
    (void)self, (void)io, (void)frame;
    nanosleep(&t, NULL);
    return MPIPE_OK;
}

static const mpipe_port *const no_ports[] = {NULL};
static const mpipe_processor slow = {
    MPIPE_PROCESSOR, .name = "sink", .summary = "Takes frames, slowly", .outputs = no_ports, .process = slow_process,
};

MPIPE_PLUGIN("slow", "1.0.0", &slow)
