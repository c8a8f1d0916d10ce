#include "status.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "json_figures.h"
#include "json_text.h"

/* Everything that a status is made of. */
struct report {
    const struct supervisor *run;
    const struct pipeline *pipeline;
    struct snapshot now;
    const struct window *window; /* NULL: no memory */
    struct stage_latency latency[PIPELINE_STAGES_MAX];
    unsigned parts;
};

static json_t *exact_seconds(uint64_t ns)
{
    return json_real((double)ns / (double)NS_PER_S);
}

static json_t *rounded(double x, double unit)
{
    return json_real(round(x / unit) * unit);
}

static void put(json_t *object, const char *key, json_t *value)
{
    json_object_set_new(object, key, value); /* NULL: the key is missing, and the answer is sent without */
}

static const char *worker_state(enum slot_state state)
{
    static const char *const names[] = {[SLOT_VACANT] = "starting",
                                        [SLOT_STARTING] = "starting",
                                        [SLOT_BUSY] = "busy",
                                        [SLOT_WAIT_INPUT] = "wait input",
                                        [SLOT_WAIT_OUTPUT] = "wait output",
                                        [SLOT_WAIT_MEMORY] = "wait memory",
                                        [SLOT_WAIT_TURN] = "wait turn",
                                        [SLOT_ENDED] = "ended",
                                        [SLOT_RETIRED] = "ended"};
    return names[state];
}

static void put_counts(json_t *object, const struct stage_snapshot *f)
{
    const struct {
        const char *key;
        uint64_t value;
    } counts[] = {{"in", f->in},
                  {"out", f->out},
                  {"dropped", f->dropped},
                  {"dead", f->dead},
                  {"in_flight", f->in_flight},
                  {"queued", f->queued},
                  {"queue", f->queue_capacity},
                  {"emitted", f->emitted},
                  {"bytes_in", f->bytes_in},
                  {"bytes_out", f->bytes_out},
                  {"skipped", f->skipped},
                  {"repeated", f->repeated},
                  {"partial", f->partial},
                  {"restarts", f->restarts},
                  {"done", f->done},
                  {"total", f->total}};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        put(object, counts[i].key, json_count(counts[i].value));
}

static json_t *quantiles(const struct durations *d)
{
    uint64_t n = durations_count(d);
    if (n == 0)
        return json_null();
    json_t *object = json_object();
    put(object, "p50", exact_seconds(durations_quantile(d, 0.5)));
    put(object, "p90", exact_seconds(durations_quantile(d, 0.9)));
    put(object, "p99", exact_seconds(durations_quantile(d, 0.99)));
    put(object, "max", exact_seconds(durations_quantile(d, 1)));
    put(object, "count", json_count(n));
    return object;
}

static void put_window(json_t *object, const struct stage_window *w)
{
    put(object, "in_rate", rounded(w->in_rate, 0.01));
    put(object, "out_rate", rounded(w->out_rate, 0.01));
    put(object, "bytes_in_rate", rounded(w->bytes_in_rate, 1));
    put(object, "bytes_out_rate", rounded(w->bytes_out_rate, 1));
    put(object, "busy", rounded(w->busy, 1e-4));
    put(object, "starved", rounded(w->starved, 1e-4));
    put(object, "blocked", rounded(w->blocked, 1e-4));
    put(object, "ring_s", quantiles(&w->in_ring));
    put(object, "process_s", quantiles(&w->in_process));
}

/* A bucket a doubling, cumulative, from the first that anything is in to the last. */
static json_t *histogram(const struct durations *d)
{
    json_t *buckets = json_array();
    uint64_t all = durations_count(d), below = 0, told = 0;
    for (uint32_t i = 0; i < HISTOGRAM_BUCKETS - 1 && told < all; i++) {
        below += d->counts[i];
        if (i % HISTOGRAM_STEPS != 0 || below == 0)
            continue;
        json_array_append_new(buckets, json_pack("[oo]", exact_seconds(histogram_bound(i)), json_count(below)));
        told = below;
    }
    return json_pack("{so so so}", "count", json_count(all), "sum_s", exact_seconds(d->sum_ns), "buckets", buckets);
}

static json_t *worker_object(const struct worker_snapshot *w)
{
    json_t *object = json_object();
    put(object, "worker", json_count(w->worker));
    put(object, "pid", json_integer(w->pid));
    put(object, "state", json_string(worker_state(w->state)));
    put(object, "state_s", json_seconds(w->state_ns));
    put(object, "frame", w->has_frame ? json_count(w->frame) : json_null());
    put(object, "frame_s", w->has_frame ? json_seconds(w->frame_ns) : json_null());
    put(object, "cpu_s", json_seconds(w->cpu_ns));
    put(object, "cpu", w->cpu < 0 ? json_null() : rounded(w->cpu, 1e-3));
    put(object, "done", json_count(w->done));
    put(object, "deaths", json_count(w->deaths));
    return object;
}

static json_t *worker_objects(const struct report *r, uint32_t stage)
{
    struct worker_snapshot workers[STAGE_WORKERS_MAX];
    uint32_t n = operator_workers(r->run, stage, workers);
    json_t *list = json_array();
    for (uint32_t i = 0; i < n; i++)
        json_array_append_new(list, worker_object(&workers[i]));
    return list;
}

static json_t *memory_of(const struct report *r, uint32_t stage)
{
    uint64_t each = operator_scaling(r->run)->worker_bytes[stage];
    return each ? json_count(each * r->now.stages[stage].workers) : json_null();
}

static json_t *stage_object(const struct report *r, uint32_t i)
{
    const struct stage_snapshot *f = &r->now.stages[i];
    const struct stage *stage = &r->pipeline->stages[i];
    int pinned = (int)(operator_scaling(r->run)->pinned >> i & 1);
    const char *by = pinned ? "hand" : stage->workers_min < stage->workers_max ? "scaler" : "configuration";
    json_t *object = json_object();
    put(object, "name", json_text(f->name));
    put(object, "processor", json_text(f->processor));
    put(object, "kind", json_string(stage->is_source ? "source" : stage->is_sink ? "sink" : "filter"));
    put(object, "ordered", json_boolean(stage->ordered));
    put(object, "state", json_string(stage_state_name(f->state)));
    put(object, "sandbox", json_string(sandbox_level_name(stage->sandbox)));
    put(object, "workers", json_count(f->workers));
    put(object, "workers_wanted", json_count(f->workers_wanted));
    put(object, "workers_max", json_count(f->workers_max));
    put(object, "workers_by", json_string(by));
    put_counts(object, f);
    put(object, "busy_s", json_seconds(f->busy_ns));
    put(object, "wait_input_s", json_seconds(f->wait_input_ns));
    put(object, "wait_output_s", json_seconds(f->wait_output_ns + f->wait_memory_ns));
    put(object, "memory_bytes", memory_of(r, i));
    if (r->window)
        put_window(object, &r->window->stages[i]);
    if (r->parts & STATUS_WORKERS)
        put(object, "worker_list", worker_objects(r, i));
    if (r->parts & STATUS_HISTOGRAMS) {
        put(object, "ring_histogram", histogram(&r->latency[i].in_ring));
        put(object, "process_histogram", histogram(&r->latency[i].in_process));
    }
    return object;
}

static json_t *stage_objects(const struct report *r)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < r->now.n_stages; i++)
        json_array_append_new(list, stage_object(r, i));
    return list;
}

static json_t *edge_objects(const struct pipeline *p)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < p->n_edges; i++) {
        const struct edge *e = &p->edges[i];
        const struct stage *from = &p->stages[e->from];
        const char *when_full = e->when_full == WHEN_FULL_DROP ? "drop" : "block";
        json_array_append_new(list, json_pack("{so so so ss}", "from", json_text(from->name), "port",
                                              json_text(from->description->outputs[e->from_port].name), "to",
                                              json_text(p->stages[e->to].name), "when_full", when_full));
    }
    return list;
}

enum { LOOKS_A_SPAN = 16 };

/* Whether a span is in use: a worker allocates from it, or one of some blocks of it is held. To look at all of them
 * would take longer than a look is worth. */
static int is_used(const struct arena *a, uint32_t span)
{
    const struct span *s = &a->spans[span];
    uint32_t kind = au32_relaxed(&s->kind);
    if (au32_relaxed(&s->owner) != 0 || kind == SPAN_EMPTY || kind == SPAN_TAIL || kind > SPAN_TAIL)
        return au32_relaxed(&s->owner) != 0;
    const uint8_t *memory = a->base + a->spans_offset + (uint64_t)span * SPAN_SIZE;
    uint32_t step = kind == SPAN_RUN ? SPAN_SIZE : size_class_bytes((kind - 1) % SIZE_CLASSES), n = SPAN_SIZE / step;
    uint32_t stride = n > LOOKS_A_SPAN ? n / LOOKS_A_SPAN : 1;
    for (uint32_t i = 0; i < n; i += stride) {
        const struct block *block = (const struct block *)(const void *)(memory + (uint64_t)i * step);
        if (au64_hint(&block->life) & HOLDERS_MASK)
            return 1;
    }
    return 0;
}

/* Of a run, its first span says how many it has. */
static uint64_t used_bytes(const struct arena *a)
{
    uint64_t used = 0;
    for (uint32_t i = 0; i < a->n_spans; i++)
        if (is_used(a, i))
            used += au32_relaxed(&a->spans[i].kind) == SPAN_RUN ? au32_relaxed(&a->spans[i].run) : 1;
    return (used < a->n_spans ? used : a->n_spans) * SPAN_SIZE;
}

static json_t *memory_object(const struct report *r)
{
    const struct arena *a = &operator_segment(r->run)->arena;
    const struct ration_figures of_workers = r->now.workers_memory;
    int is_limited = of_workers.limit > 0;
    json_t *object = json_object();
    put(object, "arena_bytes", json_count((uint64_t)a->n_spans * SPAN_SIZE));
    put(object, "arena_used_bytes", json_count(used_bytes(a)));
    put(object, "workers_limit_bytes", is_limited ? json_count(of_workers.limit) : json_null());
    put(object, "workers_granted_bytes", is_limited ? json_count(of_workers.granted) : json_null());
    put(object, "workers_used_bytes", is_limited ? json_count(of_workers.used) : json_null());
    put(object, "report", json_text(r->now.memory_report));
    return object;
}

static double unix_time(void)
{
    return (double)clock_now(CLOCK_REALTIME) / (double)NS_PER_S;
}

static json_t *report_object(const struct report *r)
{
    const struct snapshot *now = &r->now;
    int bottleneck = r->window ? r->window->bottleneck : snapshot_bottleneck(now);
    json_t *object = json_object();
    put(object, "ok", json_true());
    put(object, "pipeline", json_text(now->pipeline));
    put(object, "pid", json_integer(getpid()));
    put(object, "state", json_string(now->draining ? "draining" : now->paused ? "paused" : "running"));
    put(object, "time_s", rounded(unix_time(), 1e-3));
    put(object, "elapsed_s", json_seconds(now->elapsed_ns));
    put(object, "window_s", json_seconds(r->window ? r->window->ns : now->elapsed_ns));
    put(object, "first_frame_s", now->first_frame_ns ? json_seconds(now->first_frame_ns) : json_null());
    put(object, "cpus", json_real(operator_scaling(r->run)->cores.budget));
    put(object, "limited_by", json_text(now->limit[0] ? now->limit : NULL));
    put(object, "bottleneck", json_text(bottleneck < 0 ? NULL : now->stages[bottleneck].name));
    put(object, "memory", memory_object(r));
    put(object, "dead_letters", json_text(r->pipeline->dead_letters));
    put(object, "edges", edge_objects(r->pipeline));
    put(object, "stages", stage_objects(r));
    put(object, "decisions", json_decisions(&r->now));
    return object;
}

json_t *status_object(struct supervisor *s, unsigned parts)
{
    struct report *r = calloc(1, sizeof *r);
    if (!r)
        return NULL;
    r->run = s;
    r->pipeline = operator_pipeline(s);
    r->parts = parts;
    r->window = operator_watch(s, &r->now, r->latency);
    json_t *object = report_object(r);
    free(r);
    return object;
}
