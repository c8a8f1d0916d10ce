#include "page.h"

#include <math.h>

#include "fields.h"
#include "words.h"

/* One line of the page. */
struct line {
    struct canvas *c;
    size_t row, end, column; /* `end`: no line may be there, or below */
};

static int begin(struct line *l, size_t indent)
{
    l->column = indent;
    return l->row < l->end;
}

/* A name and its figure, if there is room on the line. */
static void tell(struct line *l, const char *name, const char *value)
{
    size_t column = canvas_put(l->c, l->row, l->column, l->c->width, TINT_FAINT, name);
    l->column = canvas_put(l->c, l->row, column + 1, l->c->width, TINT_PLAIN, value) + 3;
}

static const char *by(const json_t *stage)
{
    const char *who = field_text(stage, "workers_by");
    return who[0] == 's' ? "by the scaler" : who[0] == 'h' ? "by hand" : "as configured";
}

static void tell_identity(struct line *l, const json_t *stage)
{
    const char *kind = field_text(stage, "kind"), *sandbox = field_text(stage, "sandbox");
    l->column = canvas_put(l->c, l->row, 0, l->c->width, TINT_STRONG, field_text(stage, "name"));
    l->column = canvas_printf(
        l->c, l->row, l->column, TINT_PLAIN, ": %s%s%s%s%s%s", field_text(stage, "processor"), *kind ? ", " : "", kind,
        json_is_true(json_object_get(stage, "ordered")) ? ", ordered" : "", *sandbox ? ", sandbox " : "", sandbox);
    canvas_printf(l->c, l->row, l->column, TINT_PLAIN, "; %d of %d workers, %s", field_count(stage, "workers"),
                  field_count(stage, "workers_max"), by(stage));
}

static void tell_counts(struct line *l, const json_t *stage)
{
    static const char *const keys[][2] = {{"in", "in"},
                                          {"out", "out"},
                                          {"dropped", "dropped"},
                                          {"dead", "dead"},
                                          {"in_flight", "in flight"},
                                          {"restarts", "restarts"}};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        tell(l, keys[i][1], words_count(stage, keys[i][0]).text);
}

static void tell_times(struct line *l, const char *title, const json_t *times)
{
    static const char *const shares[] = {"p50", "p90", "p99", "max"};
    l->column = canvas_put(l->c, l->row, l->column, l->c->width, TINT_FAINT, title);
    for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++) {
        l->column++;
        l->column = canvas_put(l->c, l->row, l->column, l->c->width, TINT_FAINT, shares[i]) + 1;
        l->column = canvas_put(l->c, l->row, l->column, l->c->width, TINT_PLAIN,
                               words_latency(field_number(times, shares[i])).text);
    }
    l->column += 3;
}

static void tell_load(struct line *l, const json_t *stage)
{
    struct meter m = words_meter(stage);
    tell(l, "busy", words_share(m.busy).text);
    tell(l, "blocked", words_share(m.blocked).text);
    tell(l, "starved", words_share(m.starved).text);
    tell(l, "memory", words_memory(field_number(stage, "memory_bytes")).text);
    if (field_number(stage, "total") > 0)
        tell(l, "read", words_share(field_number(stage, "done") / field_number(stage, "total")).text);
}

static void tell_ring(struct line *l, const json_t *stage)
{
    char text[80];
    if (!(field_number(stage, "queue") > 0))
        return;
    snprintf(text, sizeof text, "%s of %s", words_count(stage, "queued").text, words_count(stage, "queue").text);
    tell(l, "queued", text);
    tell_times(l, "waited", json_object_get(stage, "ring_s"));
}

size_t page_stage(const json_t *stage, struct canvas *c, size_t top, size_t height)
{
    struct line l = {.c = c, .row = top, .end = top + height};
    if (!stage)
        return 0;
    if (begin(&l, 0)) {
        tell_identity(&l, stage);
        l.row++;
    }
    if (begin(&l, 2)) {
        tell_counts(&l, stage);
        l.row++;
    }
    if (begin(&l, 2)) {
        tell_load(&l, stage);
        l.row++;
    }
    if (begin(&l, 2)) {
        tell_times(&l, "processed", json_object_get(stage, "process_s"));
        l.row++;
    }
    if (begin(&l, 2) && !words_is_source(stage)) {
        tell_ring(&l, stage);
        l.row++;
    }
    return l.row - top;
}
