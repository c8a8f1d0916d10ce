/* debug.work: takes the time that it is told to, on a core or off it, and hands each frame on: a stage of any shape,
 * for trying out a pipeline, and micropipe's scaling, without the real thing.
 *
 * CPU time is the thread's own, so a frame costs the same however many share the core. Costs that vary follow from the
 * seed and the frame's sequence: the same frames cost the same in every run and in any worker.
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "debug.h"

struct work {
    uint64_t cpu_ns, wait_ns;
    uint64_t copies;
    uint64_t frame_memory; /* bytes */
    double spread, slower;
    uint64_t slower_from, slower_until; /* monotonic ns; equal: never */
    uint64_t seed;
    int lock; /* held while at work; -1: none */
    void *memory;
};

static uint64_t now(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void burn(uint64_t ns)
{
    uint64_t end = now(CLOCK_THREAD_CPUTIME_ID) + ns;
    while (now(CLOCK_THREAD_CPUTIME_ID) < end)
        for (volatile int i = 0; i < 200; i++)
            ;
}

static void wait_for(uint64_t ns)
{
    struct timespec left = {(time_t)(ns / 1000000000u), (long)(ns % 1000000000u)};
    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        ;
}

static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
    return x ^ (x >> 31);
}

/* Has all pages of it made, and does not let the compiler see that nobody reads them. */
static void touch(void *memory, size_t bytes)
{
    for (size_t i = 0; i < bytes; i += 4096)
        ((volatile uint8_t *)memory)[i] = 1;
}

/* What this frame costs, times the mean: 1 without a spread, else 1 - spread + spread * exponential. */
static double cost_of(const struct work *w, const mpipe_frame *frame)
{
    double even = ldexp((double)(mix(w->seed ^ mix(frame->sequence + 1)) >> 11) + 0.5, -53);
    double cost = 1 - w->spread - w->spread * log(even);
    uint64_t at = w->slower_from < w->slower_until ? now(CLOCK_MONOTONIC) : 0;
    return at >= w->slower_from && at < w->slower_until ? cost * w->slower : cost;
}

static mpipe_status send_copies(const struct work *w, const mpipe_io *io, const mpipe_frame *frame)
{
    for (uint64_t i = 0; i < w->copies; i++) {
        mpipe_frame *copy = mpipe_create(io, frame->size, NULL);
        uint8_t *to = copy && mpipe_resize(io, &copy, frame->size) == MPIPE_OK ? mpipe_writable(io, &copy) : NULL;
        if (!to)
            return MPIPE_NO_MEMORY;
        memcpy(to, frame->data, frame->size);
        copy->sequence = frame->sequence * w->copies + i;
        mpipe_status status = mpipe_emit(io, 0, copy);
        if (status != MPIPE_OK)
            return status;
    }
    return MPIPE_OK;
}

static mpipe_status work_process(void *self, const mpipe_io *io, mpipe_frame *frame)
{
    const struct work *w = self;
    double cost = cost_of(w, frame);
    size_t bytes = (size_t)(cost * (double)w->frame_memory);
    void *memory = bytes ? malloc(bytes) : NULL;
    if (bytes && !memory)
        return MPIPE_NO_MEMORY;
    touch(memory, bytes);
    if (w->lock >= 0)
        while (flock(w->lock, LOCK_EX) != 0 && errno == EINTR)
            ;
    burn((uint64_t)(cost * (double)w->cpu_ns));
    if (w->wait_ns)
        wait_for((uint64_t)(cost * (double)w->wait_ns));
    if (w->lock >= 0)
        flock(w->lock, LOCK_UN);
    free(memory);
    if (w->copies == 0)
        return MPIPE_OK; /* dropped, as it is not sent on */
    return w->copies == 1 ? mpipe_emit(io, 0, frame) : send_copies(w, io, frame);
}

/* The start that slower_from counts from, for all workers. */
static mpipe_status work_load(const mpipe_host *host, void **shared)
{
    uint64_t *start = malloc(sizeof *start);
    if (!start)
        return MPIPE_NO_MEMORY;
    wait_for((uint64_t)mpipe_option_int(host, "load"));
    *start = now(CLOCK_MONOTONIC);
    *shared = start;
    return MPIPE_OK;
}

static void work_close(void *self)
{
    struct work *w = self;
    if (w->lock >= 0)
        close(w->lock);
    free(w->memory);
    free(w);
}

static mpipe_status take_things(struct work *w, const mpipe_host *host)
{
    const char *lock = mpipe_option_text(host, "lock");
    uint64_t bytes = (uint64_t)mpipe_option_int(host, "memory");
    w->lock = *lock ? open(lock, O_RDONLY | O_CLOEXEC) : -1;
    if (*lock && w->lock < 0) {
        mpipe_log(host, MPIPE_LOG_ERROR, "cannot open the file to lock, '%s': %s", lock, strerror(errno));
        return MPIPE_BAD_CONFIG;
    }
    w->memory = bytes ? malloc(bytes) : NULL;
    if (bytes && !w->memory)
        return MPIPE_NO_MEMORY;
    if (bytes)
        touch(w->memory, bytes); /* or the system would not count it as ours */
    return MPIPE_OK;
}

static mpipe_status work_open(const mpipe_host *host, void *shared, void **self)
{
    const uint64_t *start = shared;
    struct work *w = calloc(1, sizeof *w);
    if (!w)
        return MPIPE_NO_MEMORY;
    w->cpu_ns = (uint64_t)mpipe_option_int(host, "cpu");
    w->wait_ns = (uint64_t)mpipe_option_int(host, "wait");
    w->copies = (uint64_t)mpipe_option_int(host, "copies");
    w->frame_memory = (uint64_t)mpipe_option_int(host, "frame_memory");
    w->spread = mpipe_option_float(host, "spread");
    w->slower = mpipe_option_float(host, "slower");
    w->slower_from = *start + (uint64_t)mpipe_option_int(host, "slower_from");
    w->slower_until = *start + (uint64_t)mpipe_option_int(host, "slower_until");
    w->seed = (uint64_t)mpipe_option_int(host, "seed");
    mpipe_status status = take_things(w, host);
    if (status == MPIPE_OK)
        *self = w;
    else
        work_close(w);
    return status;
}

static const mpipe_option cpu_option = {.name = "cpu",
                                        .type = MPIPE_TIME,
                                        .fallback = "0s",
                                        .min = "0s",
                                        .max = "24h",
                                        .doc = "CPU time that a frame takes, on average."};
static const mpipe_option wait_option = {.name = "wait",
                                         .type = MPIPE_TIME,
                                         .fallback = "0s",
                                         .min = "0s",
                                         .max = "24h",
                                         .doc = "Time that a frame takes off the CPU, after that."};
static const mpipe_option load_option = {.name = "load",
                                         .type = MPIPE_TIME,
                                         .fallback = "0s",
                                         .min = "0s",
                                         .max = "24h",
                                         .doc = "How long load() takes, once a stage."};
static const mpipe_option slower_from_option = {.name = "slower_from",
                                                .type = MPIPE_TIME,
                                                .fallback = "0s",
                                                .min = "0s",
                                                .max = "24h",
                                                .doc = "Frames cost more from then on, after load(), ..."};
static const mpipe_option slower_until_option = {.name = "slower_until",
                                                 .type = MPIPE_TIME,
                                                 .fallback = "0s",
                                                 .min = "0s",
                                                 .max = "24h",
                                                 .doc = "... and no more from then on."};
static const mpipe_option copies_option = {
    .name = "copies",
    .type = MPIPE_INT,
    .fallback = "1",
    .min = "0",
    .max = "1000",
    .unit = "frames",
    .doc = "Frames that go out for one that comes in.",
};
static const mpipe_option spread_option = {
    .name = "spread",
    .type = MPIPE_FLOAT,
    .fallback = "0",
    .min = "0",
    .max = "1",
    .doc = "How much costs vary: 0 not at all, 1 as an exponential distribution.",
};
static const mpipe_option slower_option = {
    .name = "slower",
    .type = MPIPE_FLOAT,
    .fallback = "1",
    .min = "0",
    .max = "1000",
    .doc = "What costs are multiplied with between slower_from and slower_until.",
};
static const mpipe_option seed_option = {
    .name = "seed",
    .type = MPIPE_INT,
    .fallback = "1",
    .doc = "What a frame costs follows from this and its sequence.",
};
static const mpipe_option lock_option = {
    .name = "lock",
    .type = MPIPE_PATH,
    .doc = "A file that is locked while at work, so that one worker works at a time.",
};
static const mpipe_option memory_option = {
    .name = "memory",
    .type = MPIPE_SIZE,
    .fallback = "0",
    .min = "0",
    .max = "1T",
    .unit = "bytes",
    .doc = "Memory of its own that each worker takes.",
};

static const mpipe_option frame_memory_option = {
    .name = "frame_memory",
    .type = MPIPE_SIZE,
    .fallback = "0",
    .min = "0",
    .max = "1T",
    .unit = "bytes",
    .doc = "Memory that a frame takes while it is worked on, on average; it varies as costs do.",
};

static const mpipe_option *const work_options[] = {&cpu_option,
                                                   &wait_option,
                                                   &spread_option,
                                                   &copies_option,
                                                   &lock_option,
                                                   &memory_option,
                                                   &frame_memory_option,
                                                   &load_option,
                                                   &slower_option,
                                                   &seed_option,
                                                   &slower_from_option,
                                                   &slower_until_option,
                                                   NULL};

const mpipe_processor debug_work = {
    MPIPE_PROCESSOR,
    .flags = MPIPE_STATELESS,
    .name = "work",
    .summary = "Takes CPU time or waits with each frame, and hands it on",
    .example = "core.generate count=1000 | debug.work cpu=1ms wait=10ms spread=0.5 | core.null",
    .options = work_options,
    .load = work_load,
    .open = work_open,
    .process = work_process,
    .close = work_close,
};
