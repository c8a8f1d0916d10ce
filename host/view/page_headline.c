#include "page.h"

#include <math.h>
#include <string.h>

#include "fields.h"
#include "words.h"

enum { LIMIT_ROWS = 2, HANG = 12 };

static enum tint state_tint(const char *state)
{
    return strcmp(state, "running") == 0 ? TINT_PLAIN : TINT_WARNING;
}

static void print_memory(const json_t *status, struct canvas *c, size_t column)
{
    double arena = field_inner(status, "memory", "arena_bytes");
    if (!isnan(arena))
        canvas_printf(c, 0, column, TINT_FAINT, "   %s for frames", words_memory(arena).text);
}

/* Of the budget workers_memory, if there is one. Returns the row behind. */
static size_t print_budget(const json_t *status, struct canvas *c, size_t row)
{
    double limit = field_inner(status, "memory", "workers_limit_bytes");
    double used = field_inner(status, "memory", "workers_used_bytes");
    double granted = field_inner(status, "memory", "workers_granted_bytes");
    if (isnan(limit) || isnan(used) || isnan(granted))
        return row;
    size_t column = canvas_put(c, row, 0, c->width, TINT_FAINT, "workers' memory: ");
    column =
        canvas_printf(c, row, column, TINT_PLAIN, "%s of %s in use", words_memory(used).text, words_memory(limit).text);
    canvas_printf(c, row, column, TINT_FAINT, ", %s given out", words_memory(granted).text);
    return row + 1;
}

static void print_bottleneck(const json_t *status, struct canvas *c, size_t row)
{
    const char *name = field_text(status, "bottleneck");
    const json_t *stage = *name ? words_stage(status, name) : NULL;
    size_t column = canvas_put(c, row, 0, c->width, TINT_FAINT, "bottleneck: ");
    if (!stage) {
        canvas_put(c, row, column, c->width, TINT_PLAIN, "none, no stage holds up the others");
        return;
    }
    int workers = field_count(stage, "workers");
    column = canvas_put(c, row, column, c->width, TINT_WARNING, name);
    canvas_printf(c, row, column, TINT_PLAIN, " (%d worker%s, busy %s)", workers, workers == 1 ? "" : "s",
                  words_share(words_meter(stage).busy).text);
}

size_t page_headline(const json_t *status, const char *name, struct canvas *c)
{
    const char *state = field_text(status, "state"), *limit = field_text(status, "limited_by");
    char text[200];
    size_t rows = 2;
    size_t column = canvas_put(c, 0, 0, c->width, TINT_STRONG, name);
    column = canvas_put(c, 0, column + 1, c->width, state_tint(state), state);
    column = canvas_printf(c, 0, column, TINT_PLAIN, " for %s", words_clock(field_number(status, "elapsed_s")).text);
    column = canvas_printf(c, 0, column, TINT_FAINT, "   process %d   %.3g cores", field_count(status, "pid"),
                           field_number(status, "cpus"));
    print_memory(status, c, column);
    print_bottleneck(status, c, 1);
    rows = print_budget(status, c, rows);
    if (*limit) {
        snprintf(text, sizeof text, "limited by: %s", limit);
        rows += canvas_paragraph(c, rows, HANG, LIMIT_ROWS, TINT_PLAIN, text);
    }
    return rows;
}
