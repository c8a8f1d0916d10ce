#include "table.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "meter.h"
#include "utf8.h"

enum { METER_MOST = 30 };

void table_init(struct table *t, const struct table_column *columns, size_t n)
{
    *t = (struct table){.columns = columns, .n_columns = n, .gap = 1};
    t->cells = calloc(TABLE_ROWS_MAX, sizeof *t->cells);
}

size_t table_row(struct table *t)
{
    return t->cells && t->n_rows < TABLE_ROWS_MAX ? t->n_rows++ : TABLE_ROWS_MAX;
}

void table_set(struct table *t, size_t row, size_t column, enum tint tint, const char *format, ...)
{
    va_list args;
    if (row >= t->n_rows)
        return;
    struct table_cell *cell = &t->cells[row][column];
    va_start(args, format);
    vsnprintf(cell->text, sizeof cell->text, format, args);
    va_end(args);
    cell->tint = tint;
}

void table_set_meter(struct table *t, size_t row, size_t column, struct meter meter)
{
    if (row < t->n_rows)
        t->cells[row][column].meter = meter;
}

static size_t columns_of(const char *text)
{
    return utf8_columns(text, strlen(text));
}

static const char *title(const struct table *t, size_t column)
{
    const struct table_column *c = &t->columns[column];
    return t->brief && c->brief ? c->brief : c->title;
}

static size_t natural_width(const struct table *t, size_t column)
{
    size_t head = columns_of(title(t, column)), width = t->columns[column].least;
    width = head > width ? head : width;
    for (size_t row = 0; row < t->n_rows; row++) {
        size_t n = columns_of(t->cells[row][column].text);
        width = n > width ? n : width;
    }
    return width;
}

static int is_bare(const struct table *t, size_t column)
{
    for (size_t row = 0; row < t->n_rows; row++) {
        const char *text = t->cells[row][column].text;
        if (*text && strcmp(text, "0") != 0 && strcmp(text, "-") != 0)
            return 0;
    }
    return 1;
}

static size_t total(const struct table *t)
{
    size_t sum = 0;
    for (size_t i = 0; i < t->n_columns; i++)
        sum += t->widths[i] ? t->widths[i] + (sum ? t->gap : 0) : 0;
    return sum;
}

/* Of the columns that are there the first one to go; n_columns: all have to stay. */
static size_t lightest(const struct table *t)
{
    size_t found = t->n_columns;
    for (size_t i = 0; i < t->n_columns; i++)
        if (t->widths[i] && t->columns[i].weight > (found < t->n_columns ? t->columns[found].weight : 0))
            found = i;
    return found;
}

/* What all columns leave free goes to the gaps between them, then to the meters. */
static void spread(struct table *t, size_t width)
{
    t->gap = 2;
    if (total(t) > width)
        t->gap = 1;
    for (size_t i = 0; i < t->n_columns; i++)
        if (t->widths[i] && t->columns[i].alignment == ALIGN_METER) {
            size_t used = total(t), left = used < width ? width - used : 0, more = METER_MOST - t->widths[i];
            t->widths[i] += left < more ? left : more;
        }
}

static void take_all(struct table *t)
{
    for (size_t i = 0; i < t->n_columns; i++)
        t->widths[i] = t->columns[i].optional && is_bare(t, i) ? 0 : natural_width(t, i);
}

/* How much narrower the first column, the names, can become. */
static size_t spare(const struct table *t)
{
    return t->widths[0] - t->columns[0].least;
}

static void leave_out(struct table *t, size_t width, int least_weight)
{
    for (size_t i; total(t) > width && (i = lightest(t)) < t->n_columns && t->columns[i].weight >= least_weight;)
        t->widths[i] = 0;
}

static void fit(struct table *t, size_t width)
{
    take_all(t);
    if (total(t) > width) {
        t->brief = 1;
        take_all(t);
        leave_out(t, width, TABLE_LUXURY);
        leave_out(t, width + spare(t), 1);
    }
    if (total(t) > width)
        t->widths[0] -= total(t) - width < spare(t) ? total(t) - width : spare(t);
    spread(t, width);
}

static void draw_head(const struct table *t, struct canvas *c, size_t top)
{
    size_t at = 0;
    for (size_t i = 0; i < t->n_columns; i++) {
        size_t n = columns_of(title(t, i));
        if (!t->widths[i])
            continue;
        size_t skip = t->columns[i].alignment == ALIGN_RIGHT ? t->widths[i] - n : 0;
        canvas_put(c, top, at + skip, t->widths[i], TINT_HEAD, title(t, i));
        at += t->widths[i] + t->gap;
    }
}

static void draw_row(const struct table *t, struct canvas *c, size_t top, size_t row)
{
    size_t at = 0;
    for (size_t i = 0; i < t->n_columns; i++) {
        const struct table_cell *cell = &t->cells[row][i];
        size_t width = t->widths[i], n = columns_of(cell->text);
        if (!width)
            continue;
        if (t->columns[i].alignment == ALIGN_METER)
            meter_draw(&cell->meter, c, top, at, width);
        else
            canvas_put(c, top, at + (t->columns[i].alignment == ALIGN_RIGHT && n < width ? width - n : 0), width,
                       cell->tint, cell->text);
        at += width + t->gap;
    }
}

size_t table_show(struct table *t, struct canvas *c, size_t top, size_t height, size_t chosen)
{
    size_t visible = height > 1 ? height - 1 : 0, used = 0;
    size_t first = chosen != NO_CURSOR && chosen >= visible ? chosen - visible + 1 : 0;
    fit(t, c->width);
    if (height > 0)
        draw_head(t, c, top + used++);
    for (size_t row = first; row < t->n_rows && used < height; row++) {
        draw_row(t, c, top + used, row);
        if (row == chosen)
            canvas_choose(c, top + used);
        used++;
    }
    free(t->cells);
    t->cells = NULL;
    return used;
}
