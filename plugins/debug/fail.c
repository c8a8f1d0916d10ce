/* debug.fail: fails on purpose with some frames, always the same ones, and hands on the others.
 *
 * Whether a frame fails follows from the seed and its sequence, so it fails again at the next attempt, in any worker,
 * and a test can tell beforehand which ones do: mix(seed ^ mix(sequence + 1)) < rate * 2^64, with the finalizer of
 * SplitMix64.
 */
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "debug.h"

enum kind { KIND_ERROR, KIND_SEGV, KIND_ABORT, KIND_EXIT, KIND_HANG, KIND_LEAK, KIND_SERVER };
enum { EXIT_STATUS = 9 };

struct fail {
    enum kind kind;
    double rate;
    uint64_t seed;
    const char *match; /* "": any frame */
    uint64_t leak_size;
    uint32_t attempts; /* 0: fails always */
};

static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
    return x ^ (x >> 31);
}

static int is_drawn(const struct fail *f, uint64_t sequence)
{
    if (f->rate >= 1)
        return 1;
    return mix(f->seed ^ mix(sequence + 1)) < (uint64_t)ldexp(f->rate, 64);
}

static int is_matched(const struct fail *f, const mpipe_io *io, const mpipe_frame *frame)
{
    const void *path;
    uint64_t size;
    size_t length = strlen(f->match);
    if (!length || memmem(frame->data, frame->size, f->match, length))
        return 1;
    return mpipe_attribute(io, frame, MPIPE_ATTR_PATH, &path, &size) == MPIPE_OK &&
           memmem(path, size, f->match, length);
}

static int fails(const struct fail *f, const mpipe_io *io, const mpipe_frame *frame)
{
    if (f->attempts && frame->attempt > f->attempts)
        return 0;
    return is_drawn(f, frame->sequence) && is_matched(f, io, frame);
}

/* Touched, or the system would not count it as ours. */
static mpipe_status leak(const struct fail *f, const mpipe_io *io)
{
    void *lost = mmap(NULL, f->leak_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (lost == MAP_FAILED)
        return mpipe_fail(io, MPIPE_FATAL, "no memory is left to leak");
    return MPIPE_OK;
}

static mpipe_status fail_now(const struct fail *f, const mpipe_io *io, const mpipe_frame *frame)
{
    switch (f->kind) {
    case KIND_SEGV:
        raise(SIGSEGV);
        break;
    case KIND_ABORT:
        abort();
    case KIND_EXIT:
        _exit(EXIT_STATUS);
    case KIND_HANG:
        for (;;)
            pause();
    case KIND_LEAK:
        return leak(f, io);
    case KIND_SERVER:
        if (kill(getppid(), SIGKILL) != 0)
            return mpipe_fail(io, MPIPE_FATAL, "kind=server needs sandbox = \"none\"");
        for (;;)
            pause(); /* it takes us along */
    default:
        break;
    }
    return mpipe_fail(io, MPIPE_BAD_FRAME, "debug.fail refuses frame %llu, attempt %u, as its options say",
                      (unsigned long long)frame->sequence, frame->attempt);
}

static mpipe_status fail_process(void *self, const mpipe_io *io, mpipe_frame *frame)
{
    const struct fail *f = self;
    mpipe_status status = fails(f, io, frame) ? fail_now(f, io, frame) : MPIPE_OK;
    return status == MPIPE_OK ? mpipe_emit(io, 0, frame) : status;
}

static mpipe_status fail_open(const mpipe_host *host, void *shared, void **self)
{
    (void)shared;
    struct fail *f = calloc(1, sizeof *f);
    if (!f)
        return MPIPE_NO_MEMORY;
    f->kind = (enum kind)mpipe_option_int(host, "kind");
    f->rate = mpipe_option_float(host, "rate");
    f->seed = (uint64_t)mpipe_option_int(host, "seed");
    f->match = mpipe_option_text(host, "match");
    f->leak_size = (uint64_t)mpipe_option_int(host, "leak_size");
    f->attempts = (uint32_t)mpipe_option_int(host, "attempts");
    *self = f;
    return MPIPE_OK;
}

static const char *const kinds[] = {"error", "segv", "abort", "exit", "hang", "leak", "server", NULL};

static const mpipe_option kind_option = {
    .name = "kind",
    .type = MPIPE_CHOICE,
    .fallback = "error",
    .choices = kinds,
    .doc =
        "What happens: the frame is refused, a signal kills the worker, it exits, hangs, loses memory and goes on, or "
        "kills its stage server.",
};
static const mpipe_option rate_option = {
    .name = "rate",
    .type = MPIPE_FLOAT,
    .fallback = "1",
    .min = "0",
    .max = "1",
    .doc = "Share of the frames with which it happens.",
};
static const mpipe_option seed_option = {
    .name = "seed",
    .type = MPIPE_INT,
    .fallback = "1",
    .doc = "Which frames these are follows from this and their sequence.",
};
static const mpipe_option match_option = {
    .name = "match",
    .type = MPIPE_STRING,
    .doc = "Only with frames that have this in their bytes or in the attribute path.",
};
static const mpipe_option attempts_option = {
    .name = "attempts",
    .type = MPIPE_INT,
    .fallback = "0",
    .min = "0",
    .max = "1000000",
    .unit = "attempts",
    .doc = "A frame fails this many times, then passes; 0: always.",
};
static const mpipe_option leak_size_option = {
    .name = "leak_size",
    .type = MPIPE_SIZE,
    .fallback = "1M",
    .min = "1",
    .max = "1T",
    .unit = "bytes",
    .doc = "How much kind=leak loses with each frame.",
};

static const mpipe_option *const fail_options[] = {&kind_option,     &rate_option,      &seed_option, &match_option,
                                                   &attempts_option, &leak_size_option, NULL};

const mpipe_processor debug_fail = {
    MPIPE_PROCESSOR,
    .flags = MPIPE_STATELESS | MPIPE_DETERMINISTIC,
    .name = "fail",
    .summary = "Fails on purpose with some frames, and hands on the others",
    .example = "core.generate count=1000 | debug.fail kind=error rate=0.01 | core.null",
    .options = fail_options,
    .open = fail_open,
    .process = fail_process,
    .close = free,
};
