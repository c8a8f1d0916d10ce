/* A table on a canvas: as many columns as there is room for, those that matter least left out first. Pure.
 *
 *     table_init(&t, columns, n);
 *     row = table_row(&t); table_set(&t, row, COLUMN, TINT_PLAIN, "%d", 4);
 *     table_show(&t, canvas, top, height, NO_CURSOR);
 */
#ifndef TABLE_H
#define TABLE_H

#include "canvas.h"

enum { TABLE_COLUMNS_MAX = 20, TABLE_ROWS_MAX = 160, TABLE_TEXT = 72, TABLE_LUXURY = 10 };

enum alignment { ALIGN_RIGHT, ALIGN_LEFT, ALIGN_METER };

#define NO_CURSOR ((size_t)-1) /* for a row: the cursor is on none */

struct table_column {
    const char *title, *brief; /* brief: taken before a column is left out; NULL: there is none */
    int weight;                /* of columns that do not fit the one with the highest is left out; 0: never */
    size_t least;
    enum alignment alignment;
    int optional; /* 1: left out while nothing but "0", "-" or "" stands in it */
};

/* Shares of time, 0 to 1; NAN: unknown. */
struct meter {
    double busy, blocked, starved;
};

struct table_cell {
    char text[TABLE_TEXT];
    enum tint tint;
    struct meter meter;
};

struct table {
    const struct table_column *columns;
    size_t n_columns, n_rows;
    size_t widths[TABLE_COLUMNS_MAX]; /* 0: left out */
    size_t gap;
    int brief;
    struct table_cell (*cells)[TABLE_COLUMNS_MAX]; /* rows of them; NULL: no memory, and no rows */
};

void table_init(struct table *t, const struct table_column *columns, size_t n);

/* A new row: its index; what is set in one too many is lost. */
size_t table_row(struct table *t);
__attribute__((format(printf, 5, 6))) void table_set(struct table *t, size_t row, size_t column, enum tint tint,
                                                     const char *format, ...);
void table_set_meter(struct table *t, size_t row, size_t column, struct meter meter);

/* Draws it as wide as the canvas, the head at `top` and `height` rows in all, so that the chosen row is among them; and
 * frees it. Returns how many rows it used. */
size_t table_show(struct table *t, struct canvas *c, size_t top, size_t height, size_t chosen);

#endif
