#include "summary_table.h"

#include <string.h>

#include "quantity.h"
#include "utf8.h"

enum digits { DIGITS_ALL, DIGITS_SHORT };

/* When a column is left out. */
enum presence {
    PRESENCE_ALWAYS,
    PRESENCE_IF_ROOM, /* without room for all, and with nothing but zeros in it */
    PRESENCE_IF_TOLD  /* with nothing in it that is worth telling */
};

struct column {
    const char *title;
    enum presence presence;
    /* The number of a stage; a rate or a share is rounded. */
    uint64_t (*number)(const struct summary *s, uint32_t stage);
    struct quantity (*exact)(uint64_t n), (*brief)(uint64_t n);
};

/* How the table is laid out: the first of these that fits is taken, else the last. */
struct layout {
    enum digits digits;
    int all_columns;
    size_t gap;
};

static const struct layout layouts[] = {
    {DIGITS_ALL, 1, 2}, {DIGITS_ALL, 0, 2}, {DIGITS_SHORT, 0, 2}, {DIGITS_SHORT, 0, 1}};

static const struct stage_snapshot *figures(const struct summary *s, uint32_t stage)
{
    return &s->last.stages[stage];
}

static uint64_t workers(const struct summary *s, uint32_t stage)
{
    return summary_workers(s, stage);
}

static uint64_t frames_in(const struct summary *s, uint32_t stage)
{
    return figures(s, stage)->in;
}

static uint64_t frames_out(const struct summary *s, uint32_t stage)
{
    return figures(s, stage)->out;
}

static uint64_t emitted(const struct summary *s, uint32_t stage)
{
    return figures(s, stage)->emitted;
}

/* What a stage was fed; what a source fed to others. */
static uint64_t bytes(const struct summary *s, uint32_t stage)
{
    return s->pipeline->stages[stage].is_source ? figures(s, stage)->bytes_out : figures(s, stage)->bytes_in;
}

static uint64_t rate(const struct summary *s, uint32_t stage)
{
    return (uint64_t)(summary_frames_per_second(s, stage) + 0.5);
}

static uint64_t busy(const struct summary *s, uint32_t stage)
{
    return stage_busy_percent(figures(s, stage));
}

static uint64_t dropped(const struct summary *s, uint32_t stage)
{
    return figures(s, stage)->dropped;
}

static uint64_t dead(const struct summary *s, uint32_t stage)
{
    return figures(s, stage)->dead;
}

static uint64_t in_flight(const struct summary *s, uint32_t stage)
{
    return figures(s, stage)->in_flight;
}

static uint64_t restarts(const struct summary *s, uint32_t stage)
{
    return figures(s, stage)->restarts;
}

static struct quantity brief_count(uint64_t n)
{
    return n < 1000 ? quantity_exact(n) : quantity_short((double)n);
}

static struct quantity percent(uint64_t n)
{
    struct quantity q;
    snprintf(q.text, sizeof q.text, "%u %%", (unsigned)n);
    return q;
}

static const struct column columns[] = {
    {"workers", PRESENCE_ALWAYS, workers, quantity_exact, quantity_exact},
    {"in", PRESENCE_ALWAYS, frames_in, quantity_exact, brief_count},
    {"out", PRESENCE_ALWAYS, frames_out, quantity_exact, brief_count},
    {"emitted", PRESENCE_IF_TOLD, emitted, quantity_exact, brief_count},
    {"bytes", PRESENCE_ALWAYS, bytes, quantity_bytes, quantity_bytes},
    {"frames/s", PRESENCE_ALWAYS, rate, brief_count, brief_count},
    {"busy", PRESENCE_ALWAYS, busy, percent, percent},
    {"dropped", PRESENCE_IF_ROOM, dropped, quantity_exact, brief_count},
    {"dead", PRESENCE_IF_ROOM, dead, quantity_exact, brief_count},
    {"in flight", PRESENCE_IF_TOLD, in_flight, quantity_exact, brief_count},
    {"restarts", PRESENCE_IF_ROOM, restarts, quantity_exact, brief_count},
};

enum { COLUMNS = sizeof columns / sizeof columns[0] };

/* A filter that passes every frame on emits what it puts out, and a sink nothing: neither is news. */
static int is_news(const struct summary *s, const struct column *c, uint32_t stage)
{
    uint64_t n = c->number(s, stage);
    return n != 0 && !(c->number == emitted && n == frames_out(s, stage));
}

static int is_shown(const struct summary *s, const struct column *c, const struct layout *l)
{
    if (c->presence == PRESENCE_ALWAYS || (c->presence == PRESENCE_IF_ROOM && l->all_columns))
        return 1;
    for (uint32_t i = 0; i < s->last.n_stages; i++)
        if (is_news(s, c, i))
            return 1;
    return 0;
}

static struct quantity cell(const struct summary *s, const struct column *c, uint32_t stage, enum digits digits)
{
    uint64_t n = c->number(s, stage);
    return digits == DIGITS_ALL ? c->exact(n) : c->brief(n);
}

static size_t column_width(const struct summary *s, const struct column *c, enum digits digits)
{
    size_t width = strlen(c->title);
    for (uint32_t i = 0; i < s->last.n_stages; i++) {
        size_t length = strlen(cell(s, c, i, digits).text);
        width = length > width ? length : width;
    }
    return width;
}

static size_t columns_of(const char *text)
{
    return utf8_columns(text, strlen(text));
}

static size_t names_width(const struct summary *s)
{
    size_t width = strlen("stage");
    for (uint32_t i = 0; i < s->last.n_stages; i++) {
        size_t n = columns_of(figures(s, i)->name);
        width = n > width ? n : width;
    }
    return width;
}

static size_t table_width(const struct summary *s, const struct layout *l)
{
    size_t width = names_width(s);
    for (size_t i = 0; i < COLUMNS; i++)
        width += is_shown(s, &columns[i], l) ? l->gap + column_width(s, &columns[i], l->digits) : 0;
    return width;
}

static const struct layout *fitting_layout(const struct summary *s, size_t width)
{
    size_t n = sizeof layouts / sizeof layouts[0];
    for (size_t i = 0; i < n; i++)
        if (table_width(s, &layouts[i]) <= width)
            return &layouts[i];
    return &layouts[n - 1];
}

/* A line of the table, or its head if `stage` is below 0. */
static void print_line(const struct summary *s, const struct layout *l, int stage, FILE *out)
{
    const char *name = stage < 0 ? "stage" : figures(s, (uint32_t)stage)->name;
    fprintf(out, "%s%*s", name, (int)(names_width(s) - columns_of(name)), "");
    for (size_t i = 0; i < COLUMNS; i++) {
        const struct column *c = &columns[i];
        if (!is_shown(s, c, l))
            continue;
        struct quantity q = {""};
        if (stage >= 0)
            q = cell(s, c, (uint32_t)stage, l->digits);
        fprintf(out, "%*s", (int)(l->gap + column_width(s, c, l->digits)), stage < 0 ? c->title : q.text);
    }
    fputc('\n', out);
}

void summary_table_print(const struct summary *s, size_t width, FILE *out)
{
    const struct layout *l = fitting_layout(s, width);
    print_line(s, l, -1, out);
    for (uint32_t i = 0; i < s->last.n_stages; i++)
        print_line(s, l, (int)i, out);
}
