#include "raster.h"

#include <errno.h>
#include <stdlib.h>

#include "utf8.h"

int raster_create(struct raster *c, uint32_t columns, uint32_t rows)
{
    *c = (struct raster){.columns = columns, .rows = rows};
    c->cells = calloc((size_t)columns * rows + 1, sizeof *c->cells);
    return c->cells ? 0 : -ENOMEM;
}

void raster_destroy(struct raster *c)
{
    free(c->cells);
    c->cells = NULL;
}

/* NULL: outside of it. */
static struct raster_cell *cell_at(const struct raster *c, uint32_t row, uint32_t column)
{
    return row < c->rows && column < c->columns ? &c->cells[(size_t)row * c->columns + column] : NULL;
}

void raster_join(struct raster *c, uint32_t row, uint32_t column, uint8_t arms)
{
    struct raster_cell *cell = cell_at(c, row, column);
    if (cell)
        cell->arms |= arms;
}

static void claim(struct raster *c, uint32_t *owner, uint32_t net)
{
    c->conflicts += *owner != 0 && *owner != net;
    *owner = net;
}

void raster_across(struct raster *c, const struct raster_pen *pen, uint32_t row, uint32_t from, uint32_t to)
{
    uint32_t left = from < to ? from : to, right = from < to ? to : from;
    for (uint32_t x = left; x <= right; x++) {
        struct raster_cell *cell = cell_at(c, row, x);
        if (!cell)
            continue;
        claim(c, &cell->across, pen->net);
        cell->across_style = (uint8_t)pen->style;
        cell->shade = (uint8_t)pen->shade;
        cell->arms |= (uint8_t)((x > left ? ARM_LEFT : 0) | (x < right ? ARM_RIGHT : 0));
    }
}

void raster_down(struct raster *c, const struct raster_pen *pen, uint32_t column, uint32_t from, uint32_t to)
{
    for (uint32_t y = from; y <= to; y++) {
        struct raster_cell *cell = cell_at(c, y, column);
        if (!cell)
            continue;
        claim(c, &cell->down, pen->net);
        cell->down_style = (uint8_t)pen->style;
        cell->shade = (uint8_t)pen->shade;
        cell->arms |= (uint8_t)((y > from ? ARM_UP : 0) | (y < to ? ARM_DOWN : 0));
    }
}

enum { HEAD = 0x25bc, HEAD_PLAIN = 'v', REPLACEMENT = '?' };

void raster_head(struct raster *c, const struct raster_pen *pen, uint32_t row, uint32_t column)
{
    struct raster_cell *cell = cell_at(c, row, column);
    if (!cell)
        return;
    claim(c, &cell->down, pen->net);
    cell->glyph = HEAD;
    cell->shade = (uint8_t)pen->shade;
}

/* The character that `text` begins with; *length: its bytes. */
static uint32_t decode(const char *text, int *length)
{
    static const uint8_t lead[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    *length = utf8_length(text);
    if (*length == 0) {
        *length = 1;
        return REPLACEMENT;
    }
    uint32_t c = (uint8_t)text[0] & lead[*length];
    for (int i = 1; i < *length; i++)
        c = c << 6 | ((uint8_t)text[i] & 0x3f);
    return c < 0x20 || (c >= 0x7f && c < 0xa0) ? REPLACEMENT : c;
}

void raster_text(struct raster *c, uint32_t row, uint32_t column, const char *text, enum drawing_shade shade,
                 enum raster_weight weight)
{
    int length;
    for (; *text; text += length, column++) {
        struct raster_cell *cell = cell_at(c, row, column);
        uint32_t glyph = decode(text, &length);
        if (!cell)
            continue;
        c->conflicts += cell->glyph != 0 || cell->arms != 0;
        cell->glyph = glyph;
        cell->shade = (uint8_t)shade;
        cell->is_bold = weight == WEIGHT_BOLD;
    }
}

uint32_t raster_width(const char *text)
{
    uint32_t n = 0;
    int length;
    for (; *text; text += length, n++)
        decode(text, &length);
    return n;
}

/* By arms: up 1, down 2, left 4, right 8. */
static const char *const lines_plain[] = {" ", "|", "|", "|", "-", "+", "+", "+",
                                          "-", "+", "+", "+", "-", "+", "+", "+"};
static const char *const lines_unicode[] = {" ", "│", "│", "│", "─", "┘", "┐", "┤",
                                            "─", "└", "┌", "├", "─", "┴", "┬", "┼"};
static const char *const lines_double[] = {" ", "║", "║", "║", "═", "╝", "╗", "╣",
                                           "═", "╚", "╔", "╠", "═", "╧", "╤", "╬"};

enum { VERTICAL = ARM_UP | ARM_DOWN, HORIZONTAL = ARM_LEFT | ARM_RIGHT };

static const char *line_glyph(const struct raster_cell *cell, int unicode)
{
    uint8_t arms = cell->arms;
    int crosses = cell->across && cell->down && cell->across != cell->down;
    if (crosses) /* the line that goes down lies above the other */
        arms &= VERTICAL;
    int is_vertical = !(arms & HORIZONTAL), is_horizontal = !(arms & VERTICAL);
    uint8_t style = is_vertical ? cell->down_style : cell->across_style;
    if (style == STYLE_DASHED && is_vertical)
        return unicode ? "┆" : ":";
    if (style == STYLE_DASHED && is_horizontal)
        return unicode ? "┄" : ".";
    if (style == STYLE_DOUBLE)
        return unicode ? lines_double[arms] : is_vertical ? "#" : is_horizontal ? "=" : "#";
    return unicode ? lines_unicode[arms] : lines_plain[arms];
}

static void print_character(uint32_t c, FILE *out)
{
    if (c < 0x80) {
        fputc((int)c, out);
    } else if (c < 0x800) {
        fprintf(out, "%c%c", (int)(0xc0 | c >> 6), (int)(0x80 | (c & 0x3f)));
    } else if (c < 0x10000) {
        fprintf(out, "%c%c%c", (int)(0xe0 | c >> 12), (int)(0x80 | (c >> 6 & 0x3f)), (int)(0x80 | (c & 0x3f)));
    } else {
        fprintf(out, "%c%c", (int)(0xf0 | c >> 18), (int)(0x80 | (c >> 12 & 0x3f)));
        fprintf(out, "%c%c", (int)(0x80 | (c >> 6 & 0x3f)), (int)(0x80 | (c & 0x3f)));
    }
}

static void print_cell(const struct raster_cell *cell, int unicode, FILE *out)
{
    if (!cell->glyph)
        fputs(line_glyph(cell, unicode), out);
    else if (unicode || cell->glyph < 0x80)
        print_character(cell->glyph, out);
    else
        fputc(cell->glyph == HEAD ? HEAD_PLAIN : REPLACEMENT, out);
}

/* Changes the terminal's colours from those of one cell to those of the next. */
static void change_colours(const struct raster_cell *from, const struct raster_cell *to, FILE *out)
{
    static const char *const codes[] = {
        [SHADE_NONE] = "", [SHADE_IDLE] = ";2", [SHADE_LIGHT] = ";32", [SHADE_BUSY] = ";33", [SHADE_FULL] = ";31"};
    if (from->shade != to->shade || from->is_bold != to->is_bold)
        fprintf(out, "\033[0%s%sm", to->is_bold ? ";1" : "", codes[to->shade]);
}

void raster_print(const struct raster *c, unsigned abilities, FILE *out)
{
    static const struct raster_cell plain = {0};
    for (uint32_t y = 0; y < c->rows; y++) {
        const struct raster_cell *row = &c->cells[(size_t)y * c->columns], *last = &plain;
        uint32_t n = c->columns;
        while (n > 0 && !row[n - 1].arms && (!row[n - 1].glyph || row[n - 1].glyph == ' '))
            n--;
        for (uint32_t x = 0; x < n; x++) {
            if (abilities & TEXT_COLOURS)
                change_colours(last, &row[x], out);
            last = &row[x];
            print_cell(&row[x], (abilities & TEXT_UNICODE) != 0, out);
        }
        if (abilities & TEXT_COLOURS)
            change_colours(last, &plain, out);
        fputc('\n', out);
    }
}
