#include "answer.h"

#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"

static json_t *refuse(const char *format, ...) __attribute__((format(printf, 1, 2)));

static json_t *refuse(const char *format, ...)
{
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    json_t *reason = json_string(text);
    return json_pack("{sb so}", "ok", 0, "error", reason ? reason : json_string("the text is not UTF-8"));
}

static json_t *done(void)
{
    return json_pack("{sb}", "ok", 1);
}

static json_t *number(uint64_t n)
{
    return json_integer(n <= INT64_MAX ? (json_int_t)n : INT64_MAX);
}

static json_t *seconds(uint64_t ns)
{
    return json_real(round((double)ns / (double)NS_PER_MS) / 1000);
}

static json_t *text_of(const char *text)
{
    json_t *value = json_string(text);
    return value ? value : json_string("?");
}

static const char *state_of(const struct stage_snapshot *s)
{
    static const char *const names[] = {[STAGE_STARTING] = "starting",
                                        [STAGE_RUNNING] = "running",
                                        [STAGE_DRAINING] = "draining",
                                        [STAGE_ENDED] = "ended",
                                        [STAGE_FAILED] = "failed"};
    return names[s->state];
}

static json_t *stage_object(const struct stage_snapshot *f, const struct stage *stage, int pinned)
{
    const char *by = pinned ? "hand" : stage->workers_min < stage->workers_max ? "scaler" : "configuration";
    return json_pack("{so so ss si si si ss so so so so so so so so so so so}", "name", text_of(f->name), "processor",
                     text_of(f->processor), "state", state_of(f), "workers", (int)f->workers, "workers_wanted",
                     (int)f->workers_wanted, "workers_max", (int)f->workers_max, "workers_by", by, "in", number(f->in),
                     "out", number(f->out), "dropped", number(f->dropped), "dead", number(f->dead), "in_flight",
                     number(f->in_flight), "queued", number(f->queued), "queue", number(f->queue_capacity), "restarts",
                     number(f->restarts), "busy_s", seconds(f->busy_ns), "wait_input_s", seconds(f->wait_input_ns),
                     "wait_output_s", seconds(f->wait_output_ns + f->wait_memory_ns));
}

static json_t *stage_objects(const struct supervisor *s, const struct snapshot *now)
{
    const struct pipeline *p = operator_pipeline(s);
    json_t *list = json_array();
    for (uint32_t i = 0; i < now->n_stages; i++)
        json_array_append_new(
            list, stage_object(&now->stages[i], &p->stages[i], (int)(operator_scaling(s)->pinned >> i & 1)));
    return list;
}

/* The decisions that are remembered, the oldest first. */
static json_t *decision_objects(const struct supervisor *s, const struct snapshot *now)
{
    const struct pipeline *p = operator_pipeline(s);
    uint32_t n = now->n_decisions, first = n > DECISIONS_KEPT ? n - DECISIONS_KEPT : 0;
    json_t *list = json_array();
    for (uint32_t i = first; i < n; i++) {
        const struct scaling_decision *d = &now->decisions[i % DECISIONS_KEPT];
        json_array_append_new(list, json_pack("{so so si si so}", "at_s", seconds(d->at_ns), "stage",
                                              text_of(p->stages[d->stage].name), "from", (int)d->from, "to", (int)d->to,
                                              "why", text_of(d->why)));
    }
    return list;
}

static json_t *status(struct supervisor *s)
{
    struct snapshot now;
    operator_look(s, &now);
    return json_pack("{sb so si ss so so so so so}", "ok", 1, "pipeline", text_of(now.pipeline), "pid", (int)getpid(),
                     "state",
                     now.draining ? "draining"
                     : now.paused ? "paused"
                                  : "running",
                     "elapsed_s", seconds(now.elapsed_ns), "cpus", json_real(operator_scaling(s)->cores.budget),
                     "limited_by", now.limit[0] ? text_of(now.limit) : json_null(), "stages", stage_objects(s, &now),
                     "decisions", decision_objects(s, &now));
}

static json_t *scale(struct supervisor *s, const json_t *request)
{
    const struct pipeline *p = operator_pipeline(s);
    const char *name = json_string_value(json_object_get(request, "stage"));
    const json_t *workers = json_object_get(request, "workers");
    int to_auto = json_is_string(workers) && strcmp(json_string_value(workers), "auto") == 0;
    json_int_t n = json_integer_value(workers);
    int stage = name ? pipeline_stage(p, name) : -1;
    if (stage < 0)
        return refuse("there is no stage '%.64s'", name ? name : "");
    if (!to_auto && (!json_is_integer(workers) || n < 1 || n > STAGE_WORKERS_MAX))
        return refuse("workers must be a number from 1 to %d, or \"auto\"", STAGE_WORKERS_MAX);
    uint32_t got = operator_scale(s, (uint32_t)stage, to_auto ? 0 : (uint32_t)n);
    if (got == 0)
        return refuse("'%.64s' is a source: its workers share out what there is to read, so they are always as many",
                      name);
    if (!to_auto && got < n)
        return json_pack("{sb si so}", "ok", 1, "workers", (int)got, "note",
                         json_sprintf("stage '%s' was started with room for %d workers: workers = { max = %d; } in the "
                                      "configuration gives more",
                                      name, (int)got, (int)n));
    return json_pack("{sb si}", "ok", 1, "workers", (int)got);
}

static json_t *pause_or_resume(struct supervisor *s, int paused)
{
    return operator_pause(s, paused) == 0 ? done() : refuse("the sources have stopped for good: it is being drained");
}

static json_t *obey(struct supervisor *s, const json_t *request)
{
    const char *command = json_string_value(json_object_get(request, "command"));
    if (!command)
        return refuse("a request is an object with a \"command\"");
    if (strcmp(command, "status") == 0)
        return status(s);
    if (strcmp(command, "scale") == 0)
        return scale(s, request);
    if (strcmp(command, "pause") == 0 || strcmp(command, "resume") == 0)
        return pause_or_resume(s, command[0] == 'p');
    if (strcmp(command, "drain") == 0)
        operator_drain(s, "micropipe ctl drain", clock_monotonic());
    else if (strcmp(command, "stop") == 0)
        operator_stop(s, "micropipe ctl stop");
    else
        return refuse("there is no command '%.64s': status, scale, pause, resume, drain or stop", command);
    return done();
}

char *control_answer(struct supervisor *s, const char *request, size_t n)
{
    json_error_t error;
    json_t *parsed = json_loadb(request, n, JSON_REJECT_DUPLICATES, &error);
    json_t *answer = json_is_object(parsed) ? obey(s, parsed) : refuse("this is no JSON object: %.160s", error.text);
    char *text = answer ? json_dumps(answer, JSON_COMPACT) : NULL;
    char *line = NULL;
    if (text && asprintf(&line, "%s\n", text) < 0)
        line = NULL;
    free(text);
    json_decref(answer);
    json_decref(parsed);
    return line;
}
