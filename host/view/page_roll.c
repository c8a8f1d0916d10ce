#include "page.h"

#include <math.h>
#include <string.h>

#include "fields.h"
#include "words.h"

enum column { NAME, PID, STATE, ELAPSED, STAGES, WORKERS, RATE, BOTTLENECK, COLUMNS };

static const struct table_column columns[COLUMNS] = {
    [NAME] = {"  name", .least = 12, .alignment = ALIGN_LEFT},
    [PID] = {"pid", .weight = 1, .least = 7},
    [STATE] = {"state", .least = 8, .alignment = ALIGN_LEFT},
    [ELAPSED] = {"elapsed", .weight = 4, .least = 7},
    [STAGES] = {"stages", .weight = 6, .least = 3},
    [WORKERS] = {"workers", .weight = 5, .least = 3},
    [RATE] = {"frames/s", .weight = 2, .least = 5},
    [BOTTLENECK] = {"bottleneck", .weight = 3, .least = 12, .alignment = ALIGN_LEFT},
};

/* What all sinks take together. */
static double taken_rate(const json_t *status)
{
    const json_t *stages = json_object_get(status, "stages"), *stage;
    double sum = 0;
    size_t i;
    json_array_foreach(stages, i, stage) if (strcmp(field_text(stage, "kind"), "sink") == 0) sum +=
        field_number(stage, "in_rate");
    return sum;
}

static int workers_of(const json_t *status)
{
    const json_t *stages = json_object_get(status, "stages"), *stage;
    int sum = 0;
    size_t i;
    json_array_foreach(stages, i, stage) sum += field_count(stage, "workers");
    return sum;
}

static void add_pipeline(struct table *t, const json_t *entry, int is_chosen)
{
    const json_t *status = json_object_get(entry, "status");
    const char *state = field_text(status, "state"), *bottleneck = field_text(status, "bottleneck");
    size_t row = table_row(t);
    table_set(t, row, NAME, TINT_STRONG, "%c %.64s", is_chosen ? '>' : ' ', field_text(entry, "name"));
    if (!json_is_object(status)) {
        table_set(t, row, STATE, TINT_ERROR, "does not answer");
        return;
    }
    table_set(t, row, PID, TINT_PLAIN, "%d", field_count(status, "pid"));
    table_set(t, row, STATE, strcmp(state, "running") == 0 ? TINT_PLAIN : TINT_WARNING, "%.24s", state);
    table_set(t, row, ELAPSED, TINT_PLAIN, "%s", words_clock(field_number(status, "elapsed_s")).text);
    table_set(t, row, STAGES, TINT_PLAIN, "%d", (int)json_array_size(json_object_get(status, "stages")));
    table_set(t, row, WORKERS, TINT_PLAIN, "%d", workers_of(status));
    table_set(t, row, RATE, TINT_PLAIN, "%s", words_narrow(taken_rate(status)).text);
    table_set(t, row, BOTTLENECK, TINT_WARNING, "%.64s", *bottleneck ? bottleneck : "-");
}

size_t page_roll(const json_t *roll, struct canvas *c, size_t top, size_t height, size_t chosen)
{
    const json_t *entry;
    struct table t;
    size_t i;
    table_init(&t, columns, COLUMNS);
    json_array_foreach(roll, i, entry) add_pipeline(&t, entry, i == chosen);
    return table_show(&t, c, top, height, chosen);
}
