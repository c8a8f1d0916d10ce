#include "complaint.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "needed.h"

enum {
    TAB_WIDTH = 4,
    SHOWN_WIDTH = 120, /* cells of a source line that are printed; longer lines are cut around the caret */
    SHOWN_BEFORE = 80,
    /* Bytes that are kept to either side of a column: as many cells as are shown, and more, of four bytes each. A line
       of a megabyte may have a mistake in each of its settings, and not each of them can have a copy. */
    KEPT_BESIDE = 4 * (SHOWN_WIDTH + 8)
};

static int is_continuation(char byte)
{
    return ((unsigned char)byte & 0xc0) == 0x80;
}

static void defuse(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            *text = ' ';
}

static char *file_text(const struct source_line *line)
{
    if (!line->file)
        return NULL;
    char *copy = needed(strdup(line->file));
    defuse(copy);
    return copy;
}

/* As it stands there: complaint_print_source() needs its tabs. */
static void keep_source(struct complaint *c, struct position at)
{
    const struct source_line *line = at.line;
    if (!line->text)
        return;
    size_t middle = at.column > 0 ? (size_t)at.column - 1 : 0;
    if (middle > line->length)
        middle = line->length;
    size_t first = middle > KEPT_BESIDE ? middle - KEPT_BESIDE : 0;
    size_t last = line->length - first > 2 * KEPT_BESIDE ? first + 2 * KEPT_BESIDE : line->length;
    while (first > 0 && first < middle && is_continuation(line->text[first]))
        first++;
    while (last < line->length && last > middle && is_continuation(line->text[last]))
        last--;
    c->source = needed(strndup(line->text + first, last - first));
    c->source_column = at.column > 0 ? at.column - (int)first : 0;
}

/* As vasprintf(), which may leave anything in *text when it fails. */
__attribute__((format(printf, 1, 0))) static char *format_text(const char *format, va_list args)
{
    char *text = NULL;
    return needed(vasprintf(&text, format, args) < 0 ? NULL : text);
}

__attribute__((format(printf, 1, 2))) static char *formatted(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = format_text(format, args);
    va_end(args);
    return text;
}

static char *message_text(const struct source_line *line, const char *format, va_list args)
{
    char *message = format_text(format, args);
    if (line->kind == SOURCE_OVERRIDE) {
        int length = (int)(line->length < SHOWN_WIDTH ? line->length : SHOWN_WIDTH);
        const char *rest = line->length > SHOWN_WIDTH ? "..." : "";
        while (*rest && length > 0 && is_continuation(line->text[length]))
            length--;
        char *whole = formatted("in '%.*s%s': %s", length, line->text, rest, message);
        free(message);
        message = whole;
    }
    defuse(message);
    return message;
}

void complaint_add(struct complaints *c, struct position at, const char *format, ...)
{
    va_list args;
    struct complaint *list = needed(reallocarray(c->list, c->n + 1, sizeof *list));
    c->list = list;
    va_start(args, format);
    list[c->n] = (struct complaint){.file = file_text(at.line),
                                    .line = at.line->number,
                                    .column = at.column,
                                    .message = message_text(at.line, format, args),
                                    .order = at.line->order,
                                    .found = (uint32_t)c->n};
    va_end(args);
    keep_source(&list[c->n++], at);
}

void complaint_shortage(struct complaints *c, int error)
{
    if (!c->shortage)
        c->shortage = error;
}

static int by_place(const void *a, const void *b)
{
    const struct complaint *p = a, *q = b;
    if (p->order != q->order)
        return p->order > q->order ? 1 : -1;
    if (p->column != q->column)
        return p->column > q->column ? 1 : -1;
    return p->found > q->found ? 1 : -1;
}

void complaints_sort(struct complaints *c)
{
    if (c->n > 1)
        qsort(c->list, c->n, sizeof *c->list, by_place);
}

void complaints_clear(struct complaints *c)
{
    for (size_t i = 0; i < c->n; i++) {
        free(c->list[i].file);
        free(c->list[i].message);
        free(c->list[i].source);
    }
    free(c->list);
    *c = (struct complaints){NULL, 0, 0};
}

static size_t next_cell(size_t cell, char byte)
{
    if (byte == '\t')
        return (cell / TAB_WIDTH + 1) * TAB_WIDTH;
    return cell + (is_continuation(byte) ? 0 : 1);
}

/* The cell of a terminal's line in which the byte at `offset` is shown. A character is taken for one cell wide. */
static size_t cell_of(const char *text, size_t offset)
{
    size_t cell = 0;
    for (size_t i = 0; i < offset && text[i]; i++)
        cell = next_cell(cell, text[i]);
    return cell;
}

/* Prints what stands in the cells from `first` up to before `last`. */
static void print_cells(const char *text, size_t first, size_t last, FILE *to)
{
    size_t cell = 0;
    for (; *text && cell < last; text++) {
        size_t next = next_cell(cell, *text);
        int shown = is_continuation(*text) ? cell > first : cell >= first;
        int blank = (unsigned char)*text < 0x20 || *text == 0x7f;
        if (shown && blank)
            fprintf(to, "%*s", (int)(next - cell), "");
        else if (shown)
            fputc(*text, to);
        cell = next;
    }
    for (; *text && is_continuation(*text); text++)
        fputc(*text, to);
}

void complaint_print_source(const struct complaint *c, FILE *to)
{
    if (!c->source)
        return;
    size_t caret = c->source_column > 0 ? cell_of(c->source, (size_t)c->source_column - 1) : 0;
    size_t end = cell_of(c->source, strlen(c->source));
    size_t first = caret > SHOWN_BEFORE && end > SHOWN_WIDTH ? caret - SHOWN_BEFORE : 0;
    size_t last = end - first > SHOWN_WIDTH ? first + SHOWN_WIDTH : end;
    fprintf(to, "    %s", first > 0 ? "..." : "");
    print_cells(c->source, first, last, to);
    fprintf(to, "%s\n", last < end ? "..." : "");
    if (c->source_column > 0)
        fprintf(to, "    %*s^\n", (int)(caret - first) + (first > 0 ? 3 : 0), "");
}

void complaints_print(const struct complaints *list, FILE *to)
{
    for (size_t i = 0; i < list->n; i++) {
        const struct complaint *c = &list->list[i];
        if (c->file)
            fprintf(to, "%s:", c->file);
        if (c->file && c->line > 0)
            fprintf(to, "%d:", c->line);
        if (c->file && c->line > 0 && c->column > 0)
            fprintf(to, "%d:", c->column);
        fprintf(to, "%s%s\n", c->file ? " " : "", c->message);
        complaint_print_source(c, to);
    }
}
