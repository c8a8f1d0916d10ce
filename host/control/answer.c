#include "answer.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "refuse.h"
#include "status.h"

enum { DIGITS = 14 }; /* of a real number: a time of day in milliseconds */

static json_t *done(void)
{
    return json_pack("{sb}", "ok", 1);
}

/* As far as the request asks for them. */
static unsigned parts_of(const json_t *request)
{
    return (json_is_true(json_object_get(request, "workers")) ? STATUS_WORKERS : 0u) |
           (json_is_true(json_object_get(request, "histograms")) ? STATUS_HISTOGRAMS : 0u);
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
        return refuse_stage(p, name);
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

static json_t *obey(struct supervisor *s, const struct asker *asker, const json_t *request)
{
    const char *command = json_string_value(json_object_get(request, "command"));
    if (!command)
        return refuse("a request is an object with a \"command\"");
    if (strcmp(command, "status") == 0)
        return status_object(s, parts_of(request));
    if (strcmp(command, "scale") == 0)
        return scale(s, request);
    if (strcmp(command, "tap") == 0)
        return asker->tapping ? tapping_begin(asker->tapping, s, asker->client, request)
                              : refuse("a tap needs a connection to the control socket: micropipe tap");
    if (strcmp(command, "pause") == 0 || strcmp(command, "resume") == 0)
        return pause_or_resume(s, command[0] == 'p');
    if (strcmp(command, "drain") == 0)
        operator_drain(s, "micropipe ctl drain", clock_monotonic());
    else if (strcmp(command, "stop") == 0)
        operator_stop(s, "micropipe ctl stop");
    else
        return refuse("there is no command '%.64s': status, scale, tap, pause, resume, drain or stop", command);
    return done();
}

char *control_answer_to(const struct asker *asker, struct supervisor *s, const char *request, size_t n)
{
    json_error_t error;
    json_t *parsed = json_loadb(request, n, JSON_REJECT_DUPLICATES, &error);
    json_t *answer =
        json_is_object(parsed) ? obey(s, asker, parsed) : refuse("this is no JSON object: %.160s", error.text);
    char *text = answer ? json_dumps(answer, JSON_COMPACT | JSON_REAL_PRECISION(DIGITS)) : NULL;
    char *line = NULL;
    if (text && asprintf(&line, "%s\n", text) < 0)
        line = NULL;
    free(text);
    json_decref(answer);
    json_decref(parsed);
    return line;
}

char *control_answer(struct supervisor *s, const char *request, size_t n)
{
    const struct asker nobody = {NULL, 0};
    return control_answer_to(&nobody, s, request, n);
}
