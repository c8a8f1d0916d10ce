#include "metrics.h"

#include <micropipe/version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "histogram.h"

enum { SHORTEST = 4 }; /* doubling of 64 ns: a microsecond */

struct family {
    const char *name, *type, *help;
    const char *key; /* of the status, or of a stage in it */
};

static const struct family of_pipeline[] = {
    {"micropipe_elapsed_seconds", "gauge", "Time since the workers were started.", "elapsed_s"},
    {"micropipe_cores", "gauge", "Cores that all stages together may use.", "cpus"},
};

static const struct family of_memory[] = {
    {"micropipe_arena_bytes", "gauge", "Shared memory for frames.", "arena_bytes"},
    {"micropipe_arena_used_bytes", "gauge", "Of it, what stages have taken for frames.", "arena_used_bytes"},
    {"micropipe_workers_memory_limit_bytes", "gauge", "workers_memory: what all processes may take of their own.",
     "workers_limit_bytes"},
    {"micropipe_workers_memory_granted_bytes", "gauge", "Of it, given out to processes.", "workers_granted_bytes"},
    {"micropipe_workers_memory_used_bytes", "gauge", "Of it, in use.", "workers_used_bytes"},
};

static const struct family of_stage[] = {
    {"micropipe_stage_frames_in_total", "counter", "Frames that came in; of a source: records that it read.", "in"},
    {"micropipe_stage_frames_out_total", "counter", "Of these, passed on; of a sink: taken.", "out"},
    {"micropipe_stage_frames_dropped_total", "counter", "Of these, dropped on purpose.", "dropped"},
    {"micropipe_stage_frames_dead_total", "counter", "Of these, refused: they are in the dead letters.", "dead"},
    {"micropipe_stage_frames_in_flight", "gauge", "Of these, still in its queue or its workers.", "in_flight"},
    {"micropipe_stage_frames_emitted_total", "counter", "Frames that it made, once however many stages read them.",
     "emitted"},
    {"micropipe_stage_frames_skipped_total", "counter", "Frames not sent on, because a queue was full.", "skipped"},
    {"micropipe_stage_frames_repeated_total", "counter", "Frames that took more than one transaction.", "repeated"},
    {"micropipe_stage_batches_partial_total", "counter", "Batches cut short, because a stage before waited for memory.",
     "partial"},
    {"micropipe_stage_in_bytes_total", "counter", "Bytes of the frames that came in.", "bytes_in"},
    {"micropipe_stage_out_bytes_total", "counter", "Bytes of the frames that it made.", "bytes_out"},
    {"micropipe_stage_queue_frames", "gauge", "Frames that wait in its queue.", "queued"},
    {"micropipe_stage_queue_capacity_frames", "gauge", "Frames that its queue has room for.", "queue"},
    {"micropipe_stage_workers", "gauge", "Its workers that are alive.", "workers"},
    {"micropipe_stage_workers_wanted", "gauge", "Workers that it should have.", "workers_wanted"},
    {"micropipe_stage_workers_max", "gauge", "Workers that it may have.", "workers_max"},
    {"micropipe_stage_worker_deaths_total", "counter", "Workers that died.", "restarts"},
    {"micropipe_stage_busy_seconds_total", "counter", "Time that its workers worked.", "busy_s"},
    {"micropipe_stage_wait_input_seconds_total", "counter", "Time that they waited for frames.", "wait_input_s"},
    {"micropipe_stage_wait_output_seconds_total", "counter", "Time that they waited for room or memory.",
     "wait_output_s"},
    {"micropipe_stage_memory_bytes", "gauge", "Memory of its workers' own.", "memory_bytes"},
    {"micropipe_stage_source_done", "gauge", "How far a source is, in units of its own.", "done"},
    {"micropipe_stage_source_planned", "gauge", "How far it is to go; 0: it does not know.", "total"},
};

static const struct family histograms[] = {
    {"micropipe_stage_ring_seconds", "histogram", "Time that frames waited in its queue, of a sample of them.",
     "ring_histogram"},
    {"micropipe_stage_process_seconds", "histogram", "Time that its processor took for a frame.", "process_histogram"},
};

static void put_head(FILE *to, const struct family *f)
{
    fprintf(to, "# HELP %s %s\n# TYPE %s %s\n", f->name, f->help, f->name, f->type);
}

/* The value of a label: backslash, quote and newline are escaped. */
static void put_label(FILE *to, const char *text)
{
    for (; text && *text; text++)
        if (*text == '\n')
            fputs("\\n", to);
        else
            fprintf(to, "%s%c", *text == '\\' || *text == '"' ? "\\" : "", *text);
}

static void put_number(FILE *to, const json_t *value)
{
    if (json_is_integer(value))
        fprintf(to, "%" JSON_INTEGER_FORMAT "\n", json_integer_value(value));
    else
        fprintf(to, "%.15g\n", json_real_value(value));
}

static void put_object(FILE *to, const json_t *object, const struct family *families, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const json_t *value = json_object_get(object, families[i].key);
        if (!json_is_number(value))
            continue;
        put_head(to, &families[i]);
        fprintf(to, "%s ", families[i].name);
        put_number(to, value);
    }
}

static void put_sample(FILE *to, const struct family *f, const json_t *stage, const char *suffix)
{
    fprintf(to, "%s%s{stage=\"", f->name, suffix);
    put_label(to, json_string_value(json_object_get(stage, "name")));
    fputs("\"", to);
}

/* The stages' samples of a family stand together, under one head. */
static void put_stages(FILE *to, const json_t *stages, const struct family *f)
{
    int begun = 0;
    size_t i;
    const json_t *stage;
    json_array_foreach(stages, i, stage)
    {
        const json_t *value = json_object_get(stage, f->key);
        if (!json_is_number(value))
            continue;
        if (!begun++)
            put_head(to, f);
        put_sample(to, f, stage, "");
        fputs("} ", to);
        put_number(to, value);
    }
}

static void put_bucket(FILE *to, const struct family *f, const json_t *stage, double bound, json_int_t n)
{
    put_sample(to, f, stage, "_bucket");
    fprintf(to, ",le=\"%.9g\"} %" JSON_INTEGER_FORMAT "\n", bound, n);
}

/* A bucket a doubling, and always the same ones: those that the status leaves out, because nothing is in them yet, are
 * there from the start, or a rate would not see their first step. */
static void put_histogram(FILE *to, const struct family *f, const json_t *stage, const json_t *histogram)
{
    const json_t *buckets = json_object_get(histogram, "buckets"), *count = json_object_get(histogram, "count");
    json_int_t below = 0;
    size_t next = 0;
    for (uint32_t doubling = SHORTEST; doubling <= HISTOGRAM_DOUBLINGS; doubling++) {
        double bound = (double)histogram_bound(doubling * HISTOGRAM_STEPS) / (double)NS_PER_S;
        for (; next < json_array_size(buckets); next++) {
            const json_t *bucket = json_array_get(buckets, next);
            if (json_number_value(json_array_get(bucket, 0)) > bound * (1 + 1e-9))
                break;
            below = json_integer_value(json_array_get(bucket, 1));
        }
        put_bucket(to, f, stage, bound, below);
    }
    put_sample(to, f, stage, "_bucket");
    fputs(",le=\"+Inf\"} ", to);
    put_number(to, count);
    put_sample(to, f, stage, "_sum");
    fputs("} ", to);
    put_number(to, json_object_get(histogram, "sum_s"));
    put_sample(to, f, stage, "_count");
    fputs("} ", to);
    put_number(to, count);
}

static void put_histograms(FILE *to, const json_t *stages, const struct family *f)
{
    int begun = 0;
    size_t i;
    const json_t *stage;
    json_array_foreach(stages, i, stage)
    {
        const json_t *histogram = json_object_get(stage, f->key);
        if (!json_is_object(histogram))
            continue;
        if (!begun++)
            put_head(to, f);
        put_histogram(to, f, stage, histogram);
    }
}

static void put_identity(FILE *to, const json_t *status)
{
    static const struct family build = {"micropipe_build_info", "gauge", "The version, as a label.", NULL};
    static const struct family pipeline = {"micropipe_pipeline_info", "gauge", "The pipeline, as a label.", NULL};
    static const struct family state = {"micropipe_pipeline_state", "gauge", "1: the pipeline is in that state.", NULL};
    static const char *const states[] = {"running", "paused", "draining"};
    const char *is = json_string_value(json_object_get(status, "state"));
    put_head(to, &build);
    fprintf(to, "%s{version=\"" MPIPE_VERSION_STRING "\"} 1\n", build.name);
    put_head(to, &pipeline);
    fprintf(to, "%s{pipeline=\"", pipeline.name);
    put_label(to, json_string_value(json_object_get(status, "pipeline")));
    fputs("\"} 1\n", to);
    put_head(to, &state);
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++)
        fprintf(to, "%s{state=\"%s\"} %d\n", state.name, states[i], is && strcmp(is, states[i]) == 0);
}

char *metrics_text(const json_t *status)
{
    char *text = NULL;
    size_t size;
    const json_t *stages = json_object_get(status, "stages");
    FILE *to = open_memstream(&text, &size);
    if (!to)
        return NULL;
    put_identity(to, status);
    put_object(to, status, of_pipeline, sizeof of_pipeline / sizeof of_pipeline[0]);
    put_object(to, json_object_get(status, "memory"), of_memory, sizeof of_memory / sizeof of_memory[0]);
    for (size_t i = 0; i < sizeof of_stage / sizeof of_stage[0]; i++)
        put_stages(to, stages, &of_stage[i]);
    for (size_t i = 0; i < sizeof histograms / sizeof histograms[0]; i++)
        put_histograms(to, stages, &histograms[i]);
    int failed = ferror(to);
    if (fclose(to) == 0 && !failed)
        return text;
    free(text);
    return NULL;
}
