/* A canvas: cells of text with a tint each, as a terminal has them. What is put beyond an edge is cut, so nothing ever
 * wraps. Pure; terminal.h shows one, canvas_print() writes one as text.
 */
#ifndef CANVAS_H
#define CANVAS_H

#include <stddef.h>
#include <stdio.h>

enum tint {
    TINT_PLAIN,
    TINT_FAINT,
    TINT_STRONG,
    TINT_HEAD, /* of a table */
    TINT_BUSY,
    TINT_BLOCKED,
    TINT_STARVED,
    TINT_WARNING,
    TINT_ERROR,
    TINTS,
    TINT_CHOSEN = 32 /* beside one of the others: where the cursor is */
};

/* What the canvas will be shown on. */
enum glyphs { GLYPHS_ASCII, GLYPHS_UTF8 };

struct canvas_cell {
    char text[5]; /* one character, in UTF-8; "": a blank */
    unsigned char tint;
};

struct canvas {
    size_t width, height;
    enum glyphs glyphs;
    struct canvas_cell *cells; /* NULL: no memory, or nothing to see; it takes what is put there all the same */
};

/* At most CANVAS_MAX wide and high. */
enum { CANVAS_MAX = 1000 };
void canvas_init(struct canvas *c, size_t width, size_t height, enum glyphs glyphs);
void canvas_clear(struct canvas *c);
void canvas_free(struct canvas *c);

/* The text in at most `room` cells; if it is longer, its last cell says so. What no terminal should get, as control
 * characters, is shown as '?'. Returns the column behind it. */
size_t canvas_put(struct canvas *c, size_t row, size_t column, size_t room, enum tint tint, const char *text);

/* The same to the right edge of the canvas. */
__attribute__((format(printf, 5, 6))) size_t canvas_printf(struct canvas *c, size_t row, size_t column, enum tint tint,
                                                           const char *format, ...);

/* Broken between words, in at most `rows` rows from `row` on, with a hanging indent. Returns how many it took. */
size_t canvas_paragraph(struct canvas *c, size_t row, size_t indent, size_t rows, enum tint tint, const char *text);

/* The cursor is on this row. */
void canvas_choose(struct canvas *c, size_t row);

const struct canvas_cell *canvas_at(const struct canvas *c, size_t row, size_t column);

/* The rows up to the last that has something, without blanks at their ends. */
void canvas_print(const struct canvas *c, FILE *out);

#endif
