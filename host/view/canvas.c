#include "canvas.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

static struct canvas_cell *cell_at(const struct canvas *c, size_t row, size_t column)
{
    return c->cells && row < c->height && column < c->width ? &c->cells[row * c->width + column] : NULL;
}

void canvas_init(struct canvas *c, size_t width, size_t height, enum glyphs glyphs)
{
    c->width = width < CANVAS_MAX ? width : CANVAS_MAX;
    c->height = height < CANVAS_MAX ? height : CANVAS_MAX;
    c->glyphs = glyphs;
    c->cells = c->width && c->height ? calloc(c->width * c->height, sizeof *c->cells) : NULL;
}

void canvas_clear(struct canvas *c)
{
    if (c->cells)
        memset(c->cells, 0, c->width * c->height * sizeof *c->cells);
}

void canvas_free(struct canvas *c)
{
    free(c->cells);
    c->cells = NULL;
}

/* Length of the character to show for what `text` starts with: 0 if that cannot be shown. */
static int showable(const struct canvas *c, const char *text)
{
    unsigned char first = (unsigned char)text[0];
    if (first < 0x80)
        return first >= ' ' && first != 0x7f;
    /* C2 80 to C2 9F are control characters, too. */
    if (c->glyphs == GLYPHS_ASCII || (first == 0xc2 && (unsigned char)text[1] < 0xa0))
        return 0;
    return utf8_length(text);
}

static void set(struct canvas_cell *cell, enum tint tint, const char *text, int length)
{
    if (!cell)
        return;
    memset(cell->text, 0, sizeof cell->text);
    if (length > 0)
        memcpy(cell->text, text, (size_t)length);
    else
        cell->text[0] = '?';
    cell->tint = (unsigned char)tint;
}

size_t canvas_put(struct canvas *c, size_t row, size_t column, size_t room, enum tint tint, const char *text)
{
    size_t left = column < c->width ? c->width - column : 0, end = column + (room < left ? room : left);
    size_t at = column;
    for (; *text && at < end; at++) {
        int length = showable(c, text), skipped = length;
        if (length == 0) /* with all of it, if it is a character at all */
            skipped = utf8_length(text);
        set(cell_at(c, row, at), tint, text, length);
        text += skipped > 0 ? skipped : 1;
    }
    if (*text && at > column)
        set(cell_at(c, row, at - 1), tint, c->glyphs == GLYPHS_UTF8 ? "…" : "~", c->glyphs == GLYPHS_UTF8 ? 3 : 1);
    return at;
}

size_t canvas_printf(struct canvas *c, size_t row, size_t column, enum tint tint, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return canvas_put(c, row, column, c->width, tint, text);
}

/* Bytes of `text` that fit into `room` columns, up to a blank if there is one. */
static size_t fitting(const char *text, size_t room)
{
    size_t n = 0, columns = 0, last = 0;
    while (text[n] && columns < room) {
        int length = utf8_length(text + n);
        n += length > 0 ? (size_t)length : 1;
        columns++;
        if (text[n] == ' ' || !text[n])
            last = n;
    }
    return last ? last : n;
}

size_t canvas_paragraph(struct canvas *c, size_t row, size_t indent, size_t rows, enum tint tint, const char *text)
{
    size_t used = 0;
    while (*text && used < rows) {
        size_t start = used ? indent : 0, room = start < c->width ? c->width - start : 1;
        size_t n = used + 1 < rows ? fitting(text, room) : strlen(text);
        char *line = strndup(text, n);
        if (line)
            canvas_put(c, row + used, start, room, tint, line);
        free(line);
        used++;
        for (text += n; *text == ' ';)
            text++;
    }
    return used;
}

void canvas_choose(struct canvas *c, size_t row)
{
    for (size_t column = 0; column < c->width; column++) {
        struct canvas_cell *cell = cell_at(c, row, column);
        if (cell)
            cell->tint |= TINT_CHOSEN;
    }
}

const struct canvas_cell *canvas_at(const struct canvas *c, size_t row, size_t column)
{
    static const struct canvas_cell blank = {"", TINT_PLAIN};
    const struct canvas_cell *cell = cell_at(c, row, column);
    return cell ? cell : &blank;
}

/* Columns of a row without the blanks at its end. */
static size_t length_of(const struct canvas *c, size_t row)
{
    size_t n = c->width;
    while (n > 0 && (!canvas_at(c, row, n - 1)->text[0] || strcmp(canvas_at(c, row, n - 1)->text, " ") == 0))
        n--;
    return n;
}

void canvas_print(const struct canvas *c, FILE *out)
{
    size_t rows = c->height;
    while (rows > 0 && length_of(c, rows - 1) == 0)
        rows--;
    for (size_t row = 0; row < rows; row++) {
        for (size_t column = 0, n = length_of(c, row); column < n; column++)
            fputs(canvas_at(c, row, column)->text[0] ? canvas_at(c, row, column)->text : " ", out);
        fputc('\n', out);
    }
}
