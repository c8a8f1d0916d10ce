#include "timeline.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flows.h"
#include "trace_file.h"

/* Numbers of tracks: Perfetto names a thread by its number alone. */
enum {
    PIPELINE_PID = 1,
    FIRST_PID = 2,
    FIRST_TID = 1001,
    DEPTH_MAX = 4,
    END_BYTES = 96,
    LINE = 320,
    LAST_WORDS = 512,
    SAME_WAIT_NS = 20000
};

struct span {
    enum trace_kind wait; /* what for; 0: it is none */
    int written;          /* 0: there was no room for it, so its end is not written either */
};

/* A worker's. */
struct track {
    uint32_t stage;
    uint32_t depth;
    uint64_t last_ns;
    int named;
    int ending;        /* 1: the innermost span, a wait, is over, */
    uint64_t ended_ns; /* since then, and its end is not written yet */
    int resumes;       /* 1: a source waits between two calls, and goes on to process after it */
    struct span spans[DEPTH_MAX];
};

struct timeline {
    struct trace_file file;
    struct flows flows;
    struct timeline_stage *stages;
    uint32_t n_stages, n_slots, flow_ends;
    uint64_t start_ns, overwritten;
    int is_full;      /* 1: the trace says that the file is */
    uint64_t *queued; /* by stage, 1 + the last that was written */
    struct track *tracks;
};

static uint32_t pid_of(uint32_t stage)
{
    return FIRST_PID + stage;
}

/* Microseconds, as the format has them, with the nanoseconds behind the point. */
struct stamp {
    char text[32];
};

static struct stamp stamp_of(const struct timeline *t, uint64_t at_ns)
{
    struct stamp s;
    uint64_t ns = at_ns > t->start_ns ? at_ns - t->start_ns : 0;
    snprintf(s.text, sizeof s.text, "%" PRIu64 ".%03" PRIu64, ns / 1000, ns % 1000);
    return s;
}

/* For what is rare: anything may be in its names. */
static void add_json(struct timeline *t, json_t *object)
{
    char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;
    if (text)
        trace_file_add(&t->file, TRACE_OF_MARKS, text, strlen(text), 0);
    free(text);
    json_decref(object);
}

static void name(struct timeline *t, const char *what, uint32_t pid, uint32_t tid, const char *text)
{
    json_t *o = json_pack("{s:s,s:i,s:s,s:{s:s}}", "ph", "M", "pid", (int)pid, "name", what, "args", "name", text);
    if (o && tid)
        json_object_set_new(o, "tid", json_integer(tid));
    add_json(t, o);
}

static void name_stages(struct timeline *t, const char *pipeline)
{
    char text[256];
    snprintf(text, sizeof text, "pipeline %s", pipeline);
    name(t, "process_name", PIPELINE_PID, 0, text);
    for (uint32_t i = 0; i < t->n_stages; i++) {
        snprintf(text, sizeof text, "%s (%s)", t->stages[i].name, t->stages[i].processor);
        name(t, "process_name", pid_of(i), 0, text);
        add_json(t, json_pack("{s:s,s:i,s:s,s:{s:i}}", "ph", "M", "pid", (int)pid_of(i), "name", "process_sort_index",
                              "args", "sort_index", (int)i));
    }
}

/* A worker that never runs has no track. */
static void name_track(struct timeline *t, uint32_t slot)
{
    struct track *k = &t->tracks[slot];
    char text[128];
    if (k->named)
        return;
    k->named = 1;
    snprintf(text, sizeof text, "%s/%" PRIu32, t->stages[k->stage].name, slot - t->stages[k->stage].first_slot);
    name(t, "thread_name", pid_of(k->stage), FIRST_TID + slot, text);
}

/* Time on a track as it may be written: what a worker says need not be true. */
static uint64_t advance(struct track *k, uint64_t at_ns)
{
    if (at_ns > k->last_ns)
        k->last_ns = at_ns;
    return k->last_ns;
}

__attribute__((format(printf, 6, 7))) static void begin(struct timeline *t, uint32_t slot, uint64_t at_ns,
                                                        enum trace_kind wait, const char *what, const char *args, ...)
{
    struct track *k = &t->tracks[slot];
    char text[LINE], more[128];
    va_list list;
    if (k->depth == DEPTH_MAX)
        return;
    k->spans[k->depth++] = (struct span){.wait = wait};
    if (trace_file_refuses(&t->file))
        return;
    va_start(list, args);
    vsnprintf(more, sizeof more, args, list);
    va_end(list);
    int n = snprintf(text, sizeof text,
                     "{\"ph\":\"B\",\"pid\":%" PRIu32 ",\"tid\":%" PRIu32 ",\"ts\":%s,\"name\":\"%s\"%s}",
                     pid_of(k->stage), FIRST_TID + slot, stamp_of(t, advance(k, at_ns)).text, what, more);
    k->spans[k->depth - 1].written = trace_file_add(&t->file, TRACE_OF_SPANS, text, (size_t)n, END_BYTES);
}

static void end(struct timeline *t, uint32_t slot, uint64_t at_ns)
{
    struct track *k = &t->tracks[slot];
    char text[LINE];
    uint64_t now = advance(k, at_ns);
    if (!k->spans[--k->depth].written)
        return;
    int n = snprintf(text, sizeof text, "{\"ph\":\"E\",\"pid\":%" PRIu32 ",\"tid\":%" PRIu32 ",\"ts\":%s}",
                     pid_of(k->stage), FIRST_TID + slot, stamp_of(t, now).text);
    trace_file_pay(&t->file, text, (size_t)n, END_BYTES);
}

/* Writes the end that is still to be written. Before anything else is, on that track. */
static void settle(struct timeline *t, uint32_t slot)
{
    struct track *k = &t->tracks[slot];
    if (k->ending)
        end(t, slot, k->ended_ns);
    k->ending = 0;
}

static void end_all(struct timeline *t, uint32_t slot, uint64_t at_ns)
{
    settle(t, slot);
    while (t->tracks[slot].depth > 0)
        end(t, slot, at_ns);
    t->tracks[slot].resumes = 0;
}

static void begin_process(struct timeline *t, uint32_t slot, uint64_t at_ns, uint64_t frames)
{
    if (t->stages[t->tracks[slot].stage].is_source)
        begin(t, slot, at_ns, 0, "process", "%s", "");
    else if (frames > 0)
        begin(t, slot, at_ns, 0, "process", ",\"args\":{\"frames\":%" PRIu64 "}", frames);
}

static void begin_wait(struct timeline *t, uint32_t slot, const struct trace_event *e)
{
    static const char *const names[] = {[TRACE_WAIT_INPUT] = "wait input",
                                        [TRACE_WAIT_OUTPUT] = "wait output",
                                        [TRACE_WAIT_MEMORY] = "wait memory",
                                        [TRACE_WAIT_TURN] = "wait turn"};
    struct track *k = &t->tracks[slot];
    if (e->kind == TRACE_WAIT_INPUT && t->stages[k->stage].is_source && k->depth == 1 && !k->spans[0].wait) {
        end(t, slot, e->at_ns);
        k->resumes = 1;
    }
    begin(t, slot, e->at_ns, e->kind, names[e->kind], "%s", "");
}

/* A worker looks again for a while before it sleeps: one wait, not two. */
static int goes_on(struct track *k, const struct trace_event *e)
{
    return k->ending && k->spans[k->depth - 1].wait == e->kind && advance(k, e->at_ns) - k->ended_ns <= SAME_WAIT_NS;
}

static void end_wait(struct timeline *t, uint32_t slot, uint64_t at_ns)
{
    struct track *k = &t->tracks[slot];
    if (k->depth == 0 || !k->spans[k->depth - 1].wait)
        return; /* its begin was overwritten */
    k->ending = 1;
    k->ended_ns = advance(k, at_ns);
    if (k->resumes && k->depth == 1) {
        settle(t, slot);
        begin_process(t, slot, at_ns, 0);
        k->resumes = 0;
    }
}

static int print_flow_end(const struct timeline *t, const struct flow_end *f, uint64_t sequence, char *text,
                          size_t size)
{
    return snprintf(text, size,
                    "{\"ph\":\"%s,\"cat\":\"frame\",\"name\":\"frame\",\"id\":%" PRIu64 ",\"pid\":%" PRIu32
                    ",\"tid\":%" PRIu32 ",\"ts\":%s,\"args\":{\"sequence\":%" PRIu64 "}}",
                    f->side == FLOW_OUT ? "s\"" : "f\",\"bp\":\"e\"", f->place, pid_of(t->tracks[f->slot].stage),
                    FIRST_TID + f->slot, stamp_of(t, f->at_ns).text, sequence);
}

/* Both ends of the arrow, or none. */
static void write_flow(struct timeline *t, const struct flow_end *out, const struct flow_end *in, uint64_t sequence)
{
    char text[2 * LINE];
    if (trace_file_refuses(&t->file))
        return;
    int n = print_flow_end(t, out, sequence, text, LINE);
    n += snprintf(text + n, 3, ",\n");
    n += print_flow_end(t, in, sequence, text + n, LINE);
    trace_file_add(&t->file, TRACE_OF_SPANS, text, (size_t)n, 0);
}

static void meet(struct timeline *t, uint32_t slot, const struct trace_event *e)
{
    struct track *k = &t->tracks[slot];
    struct flow_end end = {e->value, advance(k, e->at_ns), slot, e->kind == TRACE_FRAME_OUT ? FLOW_OUT : FLOW_IN};
    struct flow_end other;
    t->flow_ends++;
    if (k->depth == 0 || !k->spans[k->depth - 1].written)
        return; /* an arrow needs a span to hang on */
    if (!flows_meet(&t->flows, &end, &other))
        return;
    const struct flow_end *out = end.side == FLOW_OUT ? &end : &other, *in = end.side == FLOW_OUT ? &other : &end;
    if (out->at_ns <= in->at_ns)
        write_flow(t, out, in, e->n);
}

void timeline_event(struct timeline *t, uint32_t slot, const struct trace_event *e)
{
    struct track *k = &t->tracks[slot];
    uint64_t at = e->at_ns;
    name_track(t, slot);
    if (goes_on(k, e)) {
        k->ending = 0;
        return;
    }
    settle(t, slot);
    switch (e->kind) {
    case TRACE_START:
        end_all(t, slot, at);
        begin(t, slot, at, 0, "start", ",\"args\":{\"pid\":%" PRIu64 "}", e->value);
        break;
    case TRACE_OPENED:
    case TRACE_CLAIM:
    case TRACE_COMMITTED:
        end_all(t, slot, at);
        begin_process(t, slot, at, e->n);
        break;
    case TRACE_FLUSH:
        end_all(t, slot, at);
        begin(t, slot, at, 0, "flush", "%s", "");
        break;
    case TRACE_COMMIT:
        end_all(t, slot, at);
        begin(t, slot, at, 0, "commit", ",\"args\":{\"frames\":%" PRIu64 ",\"outputs\":%" PRIu64 "}", e->n, e->value);
        break;
    case TRACE_WAIT_INPUT:
    case TRACE_WAIT_OUTPUT:
    case TRACE_WAIT_MEMORY:
    case TRACE_WAIT_TURN:
        begin_wait(t, slot, e);
        break;
    case TRACE_WAITED:
        end_wait(t, slot, at);
        break;
    case TRACE_FRAME_OUT:
    case TRACE_FRAME_IN:
        meet(t, slot, e);
        break;
    case TRACE_LEAVE:
        end_all(t, slot, at);
        break;
    default:
        break;
    }
}

static void mark(struct timeline *t, uint32_t pid, uint32_t tid, uint64_t at_ns, const char *what, const char *why)
{
    struct stamp stamp = stamp_of(t, at_ns);
    json_t *o = json_pack("{s:s,s:s,s:i,s:s,s:s,s:f}", "ph", "i", "s", tid ? "t" : "p", "pid", (int)pid, "cat", "mark",
                          "name", what, "ts", strtod(stamp.text, NULL));
    if (o && tid)
        json_object_set_new(o, "tid", json_integer(tid));
    if (o && why)
        json_object_set_new(o, "args", json_pack("{s:s}", "why", why));
    add_json(t, o);
}

void timeline_mark_worker(struct timeline *t, uint32_t slot, uint64_t at_ns, const char *what, const char *why)
{
    struct track *k = &t->tracks[slot];
    name_track(t, slot);
    settle(t, slot);
    mark(t, pid_of(k->stage), FIRST_TID + slot, advance(k, at_ns), what, why);
}

void timeline_mark_stage(struct timeline *t, uint32_t stage, uint64_t at_ns, const char *what, const char *why)
{
    mark(t, pid_of(stage), 0, at_ns, what, why);
}

void timeline_lost(struct timeline *t, uint32_t slot, uint64_t n)
{
    char text[64];
    end_all(t, slot, 0);
    t->overwritten += n;
    snprintf(text, sizeof text, "%" PRIu64 " events are missing", n);
    timeline_mark_worker(t, slot, 0, text, "the host did not read them in time");
}

void timeline_gone(struct timeline *t, uint32_t slot, uint64_t at_ns, const char *what)
{
    end_all(t, slot, at_ns);
    if (what)
        timeline_mark_worker(t, slot, at_ns, what, NULL);
}

void timeline_count(struct timeline *t, uint32_t stage, uint64_t at_ns, uint64_t queued)
{
    char text[LINE];
    if (t->queued[stage] == queued + 1 || trace_file_refuses(&t->file))
        return;
    t->queued[stage] = queued + 1;
    int n =
        snprintf(text, sizeof text,
                 "{\"ph\":\"C\",\"pid\":%" PRIu32 ",\"ts\":%s,\"name\":\"queue\",\"args\":{\"frames\":%" PRIu64 "}}",
                 pid_of(stage), stamp_of(t, at_ns).text, queued);
    trace_file_add(&t->file, TRACE_OF_SPANS, text, (size_t)n, 0);
}

uint32_t timeline_take_flow_ends(struct timeline *t)
{
    uint32_t n = t->flow_ends;
    t->flow_ends = 0;
    return n;
}

int timeline_flush(struct timeline *t, uint64_t at_ns)
{
    for (uint32_t i = 0; i < t->n_slots; i++)
        settle(t, i);
    if (t->file.dropped[TRACE_OF_SPANS] > 0 && !t->is_full) {
        t->is_full = 1;
        mark(t, PIPELINE_PID, 0, at_ns, "the trace is full", "only marks and the ends of what had begun follow");
    }
    return trace_file_flush(&t->file);
}

static void destroy(struct timeline *t)
{
    free(t->stages);
    free(t->queued);
    free(t->tracks);
    free(t);
}

int timeline_open(const char *path, uint64_t limit, const struct timeline_run *run, struct timeline **out)
{
    const struct timeline_stage *last = &run->stages[run->n_stages - 1];
    struct timeline *t = calloc(1, sizeof *t);
    if (!t)
        return -ENOMEM;
    t->n_stages = run->n_stages;
    t->n_slots = last->first_slot + last->n_slots;
    t->start_ns = run->start_ns;
    t->stages = calloc(t->n_stages, sizeof *t->stages);
    t->queued = calloc(t->n_stages, sizeof *t->queued);
    t->tracks = calloc(t->n_slots, sizeof *t->tracks);
    int error = t->stages && t->queued && t->tracks ? trace_file_open(&t->file, path, limit) : -ENOMEM;
    if (error) {
        destroy(t);
        return error;
    }
    memcpy(t->stages, run->stages, t->n_stages * sizeof *t->stages);
    for (uint32_t i = 0; i < t->n_stages; i++)
        for (uint32_t w = 0; w < t->stages[i].n_slots; w++)
            t->tracks[t->stages[i].first_slot + w] = (struct track){.stage = i, .last_ns = t->start_ns};
    t->file.owed = LAST_WORDS;
    name_stages(t, run->pipeline);
    *out = t;
    return 0;
}

int timeline_close(struct timeline **timeline, uint64_t at_ns, struct timeline_losses *losses)
{
    struct timeline *t = *timeline;
    char text[128];
    for (uint32_t i = 0; i < t->n_slots; i++)
        end_all(t, i, at_ns);
    *losses =
        (struct timeline_losses){t->overwritten, t->file.dropped[TRACE_OF_SPANS] + t->file.dropped[TRACE_OF_MARKS]};
    snprintf(text, sizeof text,
             "%" PRIu64 " dropped, as the file is full; %" PRIu64 " overwritten before they were read", losses->dropped,
             losses->overwritten);
    int complete = losses->dropped == 0 && losses->overwritten == 0;
    mark(t, PIPELINE_PID, 0, at_ns, complete ? "end of the trace" : "end of an incomplete trace",
         complete ? "nothing is missing" : text);
    int error = trace_file_close(&t->file);
    destroy(t);
    *timeline = NULL;
    return error;
}
