/* served: its processors differ in what they need, and in what their load() does. */
#include <micropipe/micropipe.h>
#include <pthread.h>
#include <unistd.h>

static mpipe_status process(void *self, const mpipe_io *io, mpipe_frame *frame)
{
    (void)self;
    return mpipe_emit(io, 0, frame);
}

static mpipe_status load_broken(const mpipe_host *host, void **shared)
{
    (void)host;
    (void)shared;
    return MPIPE_FATAL;
}

static mpipe_status load_misconfigured(const mpipe_host *host, void **shared)
{
    (void)host;
    (void)shared;
    return MPIPE_BAD_CONFIG;
}

static void *wait_for_ever(void *nothing)
{
    for (;;)
        pause();
    return nothing;
}

static mpipe_status load_threaded(const mpipe_host *host, void **shared)
{
    pthread_t thread;
    (void)host;
    (void)shared;
    return pthread_create(&thread, NULL, wait_for_ever, NULL) == 0 ? MPIPE_OK : MPIPE_FATAL;
}

static const char *const unknown[] = {"mpipe.wait/1", "com.acme.other/1", NULL};
static const char *const known[] = {"mpipe.wait/1", NULL};

static const mpipe_processor fine = {MPIPE_PROCESSOR, .name = "fine", .summary = "Passes frames on", .needs = known,
                                     .process = process};
static const mpipe_processor needy = {MPIPE_PROCESSOR, .name = "needy", .summary = "Needs what is not there",
                                      .needs = unknown, .process = process};
static const mpipe_processor broken = {MPIPE_PROCESSOR, .name = "broken", .summary = "Cannot load", .load = load_broken,
                                       .process = process};
static const mpipe_processor misconfigured = {MPIPE_PROCESSOR, .name = "misconfigured", .summary = "Blames its options",
                                              .load = load_misconfigured, .process = process};
static const mpipe_processor threaded = {MPIPE_PROCESSOR, .name = "threaded", .summary = "Leaves a thread running",
                                         .load = load_threaded, .process = process};

MPIPE_PLUGIN("served", "1.0.0", &fine, &needy, &broken, &misconfigured, &threaded)
