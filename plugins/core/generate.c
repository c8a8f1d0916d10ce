/* core.generate: a source of frames whose bytes follow from their number, so that a reader can check every one.
 *
 * The payload, "generated/1", in 64-bit little-endian words, the last one cut where the frame ends:
 *     sequence  word k = sequence + k
 *     random    word 0 = sequence; word k = mix(base + k * GOLDEN), base = mix(seed ^ mix(sequence))
 *     zero      all bytes 0
 * mix() is the finalizer of SplitMix64. With size_max, frame s has size + high64(mix(~seed ^ mix(s)) * (size_max - size
 * + 1)) bytes, the upper half of that 128-bit product.
 */
#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <micropipe/ext/wait.h>

#include "core.h"

#define GOLDEN 0x9e3779b97f4a7c15ull
#define NS_PER_S 1000000000ull
#define LONGEST_WAIT_NS 3600e9

/* What one call of process() makes at most, so that a transaction is neither tiny nor long. */
enum { FRAMES_PER_CALL = 64, BYTES_PER_CALL = 1 << 20 };

enum pattern { PATTERN_SEQUENCE, PATTERN_RANDOM, PATTERN_ZERO };

struct generate_state {
    uint64_t next; /* sequence of the next frame */
};

struct generate {
    struct generate_state *state;
    const mpipe_ext_wait *wait; /* NULL: the host has none */
    uint64_t count;             /* 0: no end */
    uint64_t size, size_max, seed;
    enum pattern pattern;
    double rate;              /* frames/s; 0: as fast as it goes */
    uint64_t start_ns;        /* when this instance made its first frame */
    uint64_t start_next;      /* and which one that was */
    int started, idle_before; /* idle_before: the call before this one emitted nothing */
};

static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
    return x ^ (x >> 31);
}

static uint64_t size_of_frame(const struct generate *g, uint64_t sequence)
{
    if (g->size_max <= g->size)
        return g->size;
    unsigned __int128 range = (unsigned __int128)(g->size_max - g->size) + 1;
    return g->size + (uint64_t)((range * mix(~g->seed ^ mix(sequence))) >> 64);
}

static uint64_t random_word(uint64_t sequence, uint64_t base, uint64_t k)
{
    return htole64(k ? mix(base + k * GOLDEN) : sequence);
}

static void fill_random(uint64_t seed, uint64_t sequence, uint8_t *to, uint64_t size)
{
    uint64_t base = mix(seed ^ mix(sequence)), k = 0, word;
    for (; k < size / 8; k++) {
        word = random_word(sequence, base, k);
        memcpy(to + k * 8, &word, 8);
    }
    word = random_word(sequence, base, k);
    memcpy(to + k * 8, &word, size % 8);
}

static void fill_sequence(uint64_t sequence, uint8_t *to, uint64_t size)
{
    uint64_t k = 0, word;
    for (; k < size / 8; k++) {
        word = htole64(sequence + k);
        memcpy(to + k * 8, &word, 8);
    }
    word = htole64(sequence + k);
    memcpy(to + k * 8, &word, size % 8);
}

static void fill(const struct generate *g, uint64_t sequence, uint8_t *to, uint64_t size)
{
    if (g->pattern == PATTERN_ZERO)
        memset(to, 0, size);
    else if (g->pattern == PATTERN_RANDOM)
        fill_random(g->seed, sequence, to, size);
    else
        fill_sequence(sequence, to, size);
}

static double at_most(double x, double most)
{
    return x < most ? x : most;
}

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

/* How many frames are due by now: the schedule of this instance is kept on average, also after a time without room. */
static uint64_t frames_due(struct generate *g, uint64_t now)
{
    if (!g->started) {
        g->started = 1;
        g->start_ns = now;
        g->start_next = g->state->next;
    }
    double passed = (double)(now - g->start_ns) / 1e9;
    uint64_t due = g->start_next + 1 + (uint64_t)at_most(passed * g->rate, 1e18);
    return due > g->state->next ? due - g->state->next : 0;
}

/* Nothing is due. The first idle call returns at once, so that what was emitted before it is not held up; the next
 * waits. */
static mpipe_status wait_until_due(struct generate *g, uint64_t now)
{
    double due_ns = (double)(g->state->next - g->start_next) / g->rate * 1e9;
    int64_t left = (int64_t)at_most(due_ns - (double)(now - g->start_ns), LONGEST_WAIT_NS);
    if (g->idle_before && g->wait && left > 0)
        g->wait->readable(g->wait->context, -1, left);
    g->idle_before = 1;
    return MPIPE_EMPTY;
}

static mpipe_status make_frame(const struct generate *g, const mpipe_io *io, uint64_t *bytes)
{
    uint64_t sequence = g->state->next, size = size_of_frame(g, sequence);
    mpipe_frame *frame = mpipe_create(io, size, NULL);
    if (!frame || mpipe_resize(io, &frame, size) != MPIPE_OK)
        return MPIPE_NO_MEMORY;
    uint8_t *to = mpipe_writable(io, &frame);
    if (!to)
        return MPIPE_NO_MEMORY;
    fill(g, sequence, to, size);
    frame->sequence = sequence;
    mpipe_status status = mpipe_emit(io, 0, frame);
    if (status != MPIPE_OK)
        return status;
    g->state->next = sequence + 1; /* after emit: a commit inside it covers only the frames before this one */
    *bytes += size;
    return MPIPE_OK;
}

static mpipe_status generate_process(void *self, const mpipe_io *io, mpipe_frame *none)
{
    (void)none;
    struct generate *g = self;
    uint64_t left = g->count ? g->count - g->state->next : UINT64_MAX;
    if (g->count && g->state->next >= g->count)
        return MPIPE_END;
    uint64_t most = left < FRAMES_PER_CALL ? left : FRAMES_PER_CALL, bytes = 0;
    if (g->rate > 0) {
        uint64_t now = now_ns(), due = frames_due(g, now);
        if (!due)
            return wait_until_due(g, now);
        most = due < most ? due : most;
    }
    g->idle_before = 0;
    for (uint64_t made = 0; made < most && bytes < BYTES_PER_CALL; made++) {
        mpipe_status status = make_frame(g, io, &bytes);
        if (status == MPIPE_NO_MEMORY && made)
            break; /* what there is goes out first */
        if (status != MPIPE_OK)
            return status;
    }
    mpipe_progress(io, g->state->next, g->count);
    return MPIPE_OK;
}

static mpipe_status generate_open(const mpipe_host *host, void *shared, void **self)
{
    (void)shared;
    struct generate *g = calloc(1, sizeof *g);
    if (!g)
        return MPIPE_NO_MEMORY;
    g->state = host->state;
    g->wait = host->extension(host->context, MPIPE_EXT_WAIT);
    g->count = (uint64_t)mpipe_option_int(host, "count");
    g->size = (uint64_t)mpipe_option_int(host, "size");
    g->size_max = (uint64_t)mpipe_option_int(host, "size_max");
    g->seed = (uint64_t)mpipe_option_int(host, "seed");
    g->pattern = (enum pattern)mpipe_option_int(host, "pattern");
    g->rate = mpipe_option_float(host, "rate");
    *self = g;
    return MPIPE_OK;
}

static mpipe_status generate_load(const mpipe_host *host, void **shared)
{
    *shared = NULL;
    int64_t size = mpipe_option_int(host, "size"), size_max = mpipe_option_int(host, "size_max");
    if (size_max && size_max < size) {
        mpipe_log(host, MPIPE_LOG_ERROR, "size_max (%lld bytes) is below size (%lld bytes): raise it, or leave it out",
                  (long long)size_max, (long long)size);
        return MPIPE_BAD_CONFIG;
    }
    uint64_t largest = (uint64_t)(size_max ? size_max : size);
    if (largest > host->max_frame) {
        mpipe_log(host, MPIPE_LOG_ERROR,
                  "frames of %llu bytes never fit: this stage can create %llu bytes at most; raise its memory",
                  (unsigned long long)largest, (unsigned long long)host->max_frame);
        return MPIPE_BAD_CONFIG;
    }
    return MPIPE_OK;
}

static const char *const patterns[] = {"sequence", "random", "zero", NULL};

static const mpipe_option count_option = {
    .name = "count",
    .type = MPIPE_INT,
    .fallback = "0",
    .min = "0",
    .unit = "frames",
    .doc = "How many frames to make; 0: no end.",
};
static const mpipe_option size_option = {
    .name = "size",
    .type = MPIPE_SIZE,
    .fallback = "64",
    .min = "0",
    .unit = "bytes",
    .doc = "Size of a frame.",
};
static const mpipe_option size_max_option = {
    .name = "size_max",
    .type = MPIPE_SIZE,
    .fallback = "0",
    .min = "0",
    .unit = "bytes",
    .doc = "If set, sizes are random, evenly between size and this.",
};
static const mpipe_option seed_option = {
    .name = "seed",
    .type = MPIPE_INT,
    .fallback = "1",
    .doc = "What random bytes and sizes follow from, together with a frame's sequence.",
};
static const mpipe_option pattern_option = {
    .name = "pattern",
    .type = MPIPE_CHOICE,
    .fallback = "sequence",
    .choices = patterns,
    .doc = "What the bytes are: words that count up from the sequence, the sequence and then random words, or zeros.",
};
static const mpipe_option rate_option = {
    .name = "rate",
    .type = MPIPE_FLOAT,
    .fallback = "0",
    .min = "0",
    .unit = "frames/s",
    .doc = "How many frames a second on average; 0: as fast as they are taken.",
};

static const mpipe_option *const generate_options[] = {
    &count_option, &size_option, &size_max_option, &seed_option, &pattern_option, &rate_option, NULL};

const mpipe_processor core_generate = {
    MPIPE_PROCESSOR,
    .flags = MPIPE_SOURCE | MPIPE_SERIAL | MPIPE_DETERMINISTIC | MPIPE_RESUMABLE,
    .name = "generate",
    .summary = "Makes frames whose bytes follow from their number",
    .example = "core.generate count=1000 size=64 pattern=random | core.null",
    .options = generate_options,
    .state_size = sizeof(struct generate_state),
    .load = generate_load,
    .open = generate_open,
    .process = generate_process,
    .close = free,
};
