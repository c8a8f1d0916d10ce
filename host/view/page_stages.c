#include "page.h"

#include <math.h>
#include <string.h>

#include "fields.h"
#include "words.h"

enum column {
    NAME,
    STATE,
    WORKERS,
    RATE,
    OUT_RATE,
    BYTES,
    RING_P50,
    RING_P99,
    P50,
    P99,
    RING,
    LOAD,
    BUSY,
    BLOCKED,
    STARVED,
    DEAD,
    RESTARTS,
    MEMORY,
    COLUMNS
};

static const struct table_column columns[COLUMNS] = {
    [NAME] = {"  stage", .least = 10, .alignment = ALIGN_LEFT},
    [STATE] = {"state", .weight = 6, .least = 5, .alignment = ALIGN_LEFT},
    [WORKERS] = {"workers", "wkrs", .weight = 3, .least = 4},
    [RATE] = {"frames/s", "frm/s", .weight = 1, .least = 5},
    [OUT_RATE] = {"out/s", .weight = 11, .least = 5},
    [BYTES] = {"bytes/s", "B/s", .weight = 7, .least = 5},
    [RING_P50] = {"waited p50", .weight = 13, .least = 5},
    [RING_P99] = {"waited p99", .weight = 13, .least = 5},
    [P50] = {"p50", .weight = 8, .least = 5},
    [P99] = {"p99", .weight = 5, .least = 5},
    [RING] = {"ring", .weight = 4, .least = 4},
    [LOAD] = {"load", .weight = 4, .least = 8, .alignment = ALIGN_METER},
    [BUSY] = {"busy", .weight = 12, .least = 4},
    [BLOCKED] = {"blocked", .weight = 12, .least = 4},
    [STARVED] = {"starved", .weight = 12, .least = 4},
    [DEAD] = {"dead", .weight = 2, .least = 4},
    [RESTARTS] = {"restarts", "rst", .weight = 9, .least = 3},
    [MEMORY] = {"memory", "mem", .weight = 9, .least = 4},
};

static const char *short_state(const char *state)
{
    static const char *const names[][2] = {
        {"starting", "start"}, {"running", "run"}, {"draining", "drain"}, {"ended", "ended"}, {"failed", "FAIL"}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(state, names[i][0]) == 0)
            return names[i][1];
    return state;
}

static enum tint state_tint(const char *state)
{
    if (strcmp(state, "failed") == 0)
        return TINT_ERROR;
    return strcmp(state, "running") == 0 || strcmp(state, "ended") == 0 ? TINT_PLAIN : TINT_WARNING;
}

static void set_workers(struct table *t, size_t row, const json_t *stage)
{
    int alive = field_count(stage, "workers"), most = field_count(stage, "workers_max");
    enum tint tint = alive < field_count(stage, "workers_wanted") ? TINT_WARNING : TINT_PLAIN;
    if (most > 1)
        table_set(t, row, WORKERS, tint, "%d/%d", alive, most);
    else
        table_set(t, row, WORKERS, tint, "%d", alive);
}

static double ring_fill(const json_t *stage)
{
    double room = field_number(stage, "queue");
    return room > 0 ? field_number(stage, "queued") / room : (double)NAN;
}

static void set_bad_count(struct table *t, size_t row, size_t column, double n)
{
    table_set(t, row, column, n > 0 ? TINT_ERROR : TINT_FAINT, "%s", words_narrow_count(n).text);
}

static void set_times(struct table *t, size_t row, const json_t *stage)
{
    static const struct {
        enum column column;
        const char *field, *share;
    } times[] = {
        {RING_P50, "ring_s", "p50"}, {RING_P99, "ring_s", "p99"}, {P50, "process_s", "p50"}, {P99, "process_s", "p99"}};
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++)
        table_set(t, row, times[i].column, TINT_PLAIN, "%s",
                  words_latency(field_inner(stage, times[i].field, times[i].share)).text);
}

static void set_shares(struct table *t, size_t row, const json_t *stage)
{
    struct meter meter = words_meter(stage);
    table_set_meter(t, row, LOAD, meter);
    table_set(t, row, BUSY, TINT_PLAIN, "%s", words_share(meter.busy).text);
    table_set(t, row, BLOCKED, TINT_PLAIN, "%s", words_share(meter.blocked).text);
    table_set(t, row, STARVED, TINT_PLAIN, "%s", words_share(meter.starved).text);
}

/* The name stands behind '>' if the cursor is there, and '*' if the stage is what limits the others. */
static void add_stage(struct table *t, const json_t *stage, int is_chosen, int is_bottleneck)
{
    const char *state = field_text(stage, "state");
    size_t row = table_row(t);
    table_set(t, row, NAME, is_bottleneck ? TINT_WARNING : TINT_STRONG, "%c%c%.64s", is_chosen ? '>' : ' ',
              is_bottleneck ? '*' : ' ', field_text(stage, "name"));
    table_set(t, row, STATE, state_tint(state), "%.16s", short_state(state));
    set_workers(t, row, stage);
    table_set(t, row, RATE, TINT_STRONG, "%s", words_narrow(words_frame_rate(stage)).text);
    table_set(t, row, OUT_RATE, TINT_PLAIN, "%s", words_narrow(field_number(stage, "out_rate")).text);
    table_set(t, row, BYTES, TINT_PLAIN, "%s", words_narrow(words_byte_rate(stage)).text);
    set_times(t, row, stage);
    table_set(t, row, RING, ring_fill(stage) > 0.9 ? TINT_WARNING : TINT_PLAIN, "%s",
              words_share(ring_fill(stage)).text);
    set_shares(t, row, stage);
    set_bad_count(t, row, DEAD, field_number(stage, "dead"));
    set_bad_count(t, row, RESTARTS, field_number(stage, "restarts"));
    table_set(t, row, MEMORY, TINT_PLAIN, "%s", words_memory(field_number(stage, "memory_bytes")).text);
}

size_t page_stages(const json_t *status, struct canvas *c, size_t top, size_t height, size_t chosen)
{
    const json_t *stages = json_object_get(status, "stages"), *stage;
    const char *bottleneck = field_text(status, "bottleneck");
    struct table t;
    size_t i;
    table_init(&t, columns, COLUMNS);
    json_array_foreach(stages, i, stage)
        add_stage(&t, stage, i == chosen, *bottleneck && strcmp(field_text(stage, "name"), bottleneck) == 0);
    return table_show(&t, c, top, height, chosen);
}
