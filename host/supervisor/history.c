#include "history.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"

/* Looks that are kept, so far apart at least; and how long a window should be. */
enum { LOOKS = 16 };
#define APART_NS (200 * NS_PER_MS)
#define WINDOW_NS (900 * NS_PER_MS)

struct stage_look {
    struct stage_snapshot figures;
    struct stage_latency latency;
};

struct look {
    uint64_t at_ns;
    struct stage_look *stages; /* n_stages */
};

/* The last two looks at a worker, at least half a window apart. */
struct worker_look {
    pid_t pid;
    uint64_t at_ns[2], cpu_ns[2]; /* the newer one is [1]; 0: there is none */
};

struct history {
    uint32_t n_stages, n_looks; /* all looks; look n is at n modulo LOOKS */
    struct worker_look workers[PIPELINE_STAGES_MAX][STAGE_WORKERS_MAX];
    struct look looks[LOOKS];
    struct window window;
};

struct history *history_create(uint32_t n_stages)
{
    struct history *h = calloc(1, sizeof *h);
    if (!h)
        return NULL;
    h->n_stages = n_stages;
    for (uint32_t i = 0; i < LOOKS; i++)
        if (!(h->looks[i].stages = calloc(n_stages, sizeof *h->looks[i].stages))) {
            history_destroy(h);
            return NULL;
        }
    return h;
}

void history_destroy(struct history *h)
{
    if (!h)
        return;
    for (uint32_t i = 0; i < LOOKS; i++)
        free(h->looks[i].stages);
    free(h);
}

/* The newest look that is a window's length ago; else the oldest that there is; NULL: there is none, so since the
 * start. */
static const struct look *reference(const struct history *h, uint64_t now_ns)
{
    uint32_t first = h->n_looks > LOOKS ? h->n_looks - LOOKS : 0;
    for (uint32_t n = h->n_looks; n > first; n--)
        if (h->looks[(n - 1) % LOOKS].at_ns + WINDOW_NS <= now_ns)
            return &h->looks[(n - 1) % LOOKS];
    if (h->n_looks == 0 || h->looks[first % LOOKS].at_ns + APART_NS > now_ns)
        return NULL;
    return &h->looks[first % LOOKS];
}

/* A wait or a restart between two looks may make a sum a little less than it was. */
static uint64_t since(uint64_t now, uint64_t then)
{
    return now > then ? now - then : 0;
}

static void figures_since(struct stage_snapshot *now, const struct stage_snapshot *then)
{
    now->in = since(now->in, then->in);
    now->out = since(now->out, then->out);
    now->emitted = since(now->emitted, then->emitted);
    now->bytes_in = since(now->bytes_in, then->bytes_in);
    now->bytes_out = since(now->bytes_out, then->bytes_out);
    now->busy_ns = since(now->busy_ns, then->busy_ns);
    now->wait_input_ns = since(now->wait_input_ns, then->wait_input_ns);
    now->wait_output_ns = since(now->wait_output_ns, then->wait_output_ns);
    now->wait_memory_ns = since(now->wait_memory_ns, then->wait_memory_ns);
    now->ended_ns = since(now->ended_ns, then->ended_ns);
}

static void describe(struct stage_window *w, const struct stage_snapshot *f, double seconds)
{
    uint64_t waits = f->wait_output_ns + f->wait_memory_ns;
    double all = (double)(f->busy_ns + f->wait_input_ns + waits + f->ended_ns);
    w->in_rate = (double)f->in / seconds;
    w->out_rate = (double)(f->is_sink ? f->out : f->emitted) / seconds;
    w->bytes_in_rate = (double)f->bytes_in / seconds;
    w->bytes_out_rate = (double)f->bytes_out / seconds;
    w->busy = all > 0 ? (double)f->busy_ns / all : 0;
    w->starved = all > 0 ? (double)f->wait_input_ns / all : 0;
    w->blocked = all > 0 ? (double)waits / all : 0;
}

static void keep(struct history *h, const struct snapshot *now, const struct stage_latency *latency)
{
    if (h->n_looks > 0 && h->looks[(h->n_looks - 1) % LOOKS].at_ns + APART_NS > now->elapsed_ns)
        return;
    struct look *look = &h->looks[h->n_looks++ % LOOKS];
    look->at_ns = now->elapsed_ns;
    for (uint32_t i = 0; i < h->n_stages; i++)
        look->stages[i] = (struct stage_look){now->stages[i], latency[i]};
}

const struct window *history_look(struct history *h, const struct snapshot *now, const struct stage_latency *latency)
{
    const struct look *then = reference(h, now->elapsed_ns);
    struct window *w = &h->window;
    struct snapshot change = *now;
    memset(w, 0, sizeof *w);
    w->ns = now->elapsed_ns - (then ? then->at_ns : 0);
    for (uint32_t i = 0; i < h->n_stages; i++) {
        w->stages[i].in_ring = latency[i].in_ring;
        w->stages[i].in_process = latency[i].in_process;
        if (then) {
            figures_since(&change.stages[i], &then->stages[i].figures);
            durations_subtract(&w->stages[i].in_ring, &then->stages[i].latency.in_ring);
            durations_subtract(&w->stages[i].in_process, &then->stages[i].latency.in_process);
        }
        if (w->ns > 0)
            describe(&w->stages[i], &change.stages[i], (double)w->ns / (double)NS_PER_S);
    }
    w->bottleneck = snapshot_bottleneck(&change);
    keep(h, now, latency);
    return w;
}

static double cpu_lately(struct worker_look *l, const struct worker_snapshot *w, uint64_t now_ns)
{
    if (l->pid != w->pid)
        *l = (struct worker_look){.pid = w->pid};
    int from = l->at_ns[0] ? 0 : 1;
    uint64_t then = l->at_ns[from], used = since(w->cpu_ns, l->cpu_ns[from]);
    if (l->at_ns[1] + WINDOW_NS / 2 <= now_ns) {
        l->at_ns[0] = l->at_ns[1];
        l->cpu_ns[0] = l->cpu_ns[1];
        l->at_ns[1] = now_ns;
        l->cpu_ns[1] = w->cpu_ns;
    }
    return then && now_ns > then ? (double)used / (double)(now_ns - then) : -1;
}

void history_look_at_workers(struct history *h, uint32_t stage, struct worker_snapshot *workers, uint32_t n,
                             uint64_t now_ns)
{
    for (uint32_t i = 0; i < n; i++)
        workers[i].cpu = cpu_lately(&h->workers[stage][workers[i].worker], &workers[i], now_ns);
}
