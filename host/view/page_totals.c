#include "page.h"

#include <math.h>
#include <string.h>

#include "fields.h"
#include "words.h"

enum column {
    NAME,
    WORKERS,
    BY,
    STATE,
    IN,
    OUT,
    DROPPED,
    DEAD,
    IN_FLIGHT,
    QUEUED,
    RATE,
    BUSY,
    STARVED,
    BLOCKED,
    RESTARTS,
    COLUMNS
};

static const struct table_column columns[COLUMNS] = {
    [NAME] = {"  stage", .least = 10, .alignment = ALIGN_LEFT},
    [WORKERS] = {"workers", "wkrs"},
    [BY] = {"by", .weight = 10, .alignment = ALIGN_LEFT},
    [STATE] = {"state", .weight = 11, .alignment = ALIGN_LEFT},
    [IN] = {"in"},
    [OUT] = {"out"},
    [DROPPED] = {"dropped", .optional = 1},
    [DEAD] = {"dead", .optional = 1},
    [IN_FLIGHT] = {"in flight"},
    [QUEUED] = {"queued", .weight = 12},
    [RATE] = {"frames/s", "frm/s", .weight = 1},
    [BUSY] = {"busy", .weight = 1, .least = 4},
    [STARVED] = {"starved", .weight = 4},
    [BLOCKED] = {"blocked", .weight = 4},
    [RESTARTS] = {"restarts", "rst", .weight = 2, .optional = 1},
};

enum { LIMIT_ROWS = 3, DECISION_ROWS = 12, DECISION_TEXT = 400 };

static void add_stage(struct table *t, const json_t *stage, int is_bottleneck)
{
    static const struct {
        enum column column;
        const char *key;
    } counts[] = {
        {IN, "in"},         {OUT, "out"},          {DROPPED, "dropped"}, {DEAD, "dead"}, {IN_FLIGHT, "in_flight"},
        {QUEUED, "queued"}, {RESTARTS, "restarts"}};
    struct meter meter = words_meter(stage);
    size_t row = table_row(t);
    table_set(t, row, NAME, TINT_PLAIN, "%c %.64s", is_bottleneck ? '*' : ' ', field_text(stage, "name"));
    table_set(t, row, WORKERS, TINT_PLAIN, "%d", field_count(stage, "workers"));
    table_set(t, row, BY, TINT_PLAIN, "%.24s", field_text(stage, "workers_by"));
    table_set(t, row, STATE, TINT_PLAIN, "%.24s", field_text(stage, "state"));
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        table_set(t, row, counts[i].column, TINT_PLAIN, "%s", words_count(stage, counts[i].key).text);
    table_set(t, row, RATE, TINT_PLAIN, "%s", words_narrow(words_frame_rate(stage)).text);
    table_set(t, row, BUSY, TINT_PLAIN, "%s", words_share(meter.busy).text);
    table_set(t, row, STARVED, TINT_PLAIN, "%s", words_share(meter.starved).text);
    table_set(t, row, BLOCKED, TINT_PLAIN, "%s", words_share(meter.blocked).text);
}

static size_t add_decisions(const json_t *status, struct canvas *c, size_t row)
{
    const json_t *decisions = json_object_get(status, "decisions"), *d;
    char text[DECISION_TEXT];
    size_t i;
    if (json_array_size(decisions) > 0)
        canvas_put(c, ++row, 0, c->width, TINT_HEAD, "decisions:");
    row++;
    json_array_foreach(decisions, i, d)
    {
        snprintf(text, sizeof text, "%9.1f s  %s: %d -> %d workers: %s", field_number(d, "at_s"),
                 field_text(d, "stage"), field_count(d, "from"), field_count(d, "to"), field_text(d, "why"));
        row += canvas_paragraph(c, row, strlen("123456789 s  "), DECISION_ROWS, TINT_PLAIN, text);
    }
    return row;
}

size_t page_totals(const json_t *status, const char *name, struct canvas *c)
{
    const json_t *stages = json_object_get(status, "stages"), *stage;
    const char *bottleneck = field_text(status, "bottleneck"), *limit = field_text(status, "limited_by");
    struct table t;
    size_t i, row = 2;
    canvas_printf(c, 0, 0, TINT_PLAIN, "%s: %s for %.1f s, process %d, %.3g cores", name, field_text(status, "state"),
                  field_number(status, "elapsed_s"), field_count(status, "pid"), field_number(status, "cpus"));
    table_init(&t, columns, COLUMNS);
    json_array_foreach(stages, i, stage)
        add_stage(&t, stage, *bottleneck && strcmp(field_text(stage, "name"), bottleneck) == 0);
    row += table_show(&t, c, row, c->height, NO_CURSOR);
    if (*bottleneck)
        canvas_printf(c, ++row, 0, TINT_PLAIN, "* bottleneck: %s", bottleneck);
    if (*limit) {
        char text[200];
        snprintf(text, sizeof text, "limited by: %s", limit);
        row += canvas_paragraph(c, row + 1, strlen("limited by: "), LIMIT_ROWS, TINT_PLAIN, text);
    }
    return add_decisions(status, c, row + 1);
}
