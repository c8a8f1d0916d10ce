/* Text for a terminal of 80 columns. */
#ifndef PARAGRAPH_H
#define PARAGRAPH_H

#include <stddef.h>
#include <stdio.h>

enum { PARAGRAPH_WIDTH = 80 };

/* The text, broken between words into lines of at most 80 columns, each indented. A word that is longer stands alone.
 */
void paragraph_print(FILE *out, size_t indent, const char *text);

/* `left` at `indent`, and the text at `column` beside it, or below it if `left` is too long. */
void paragraph_entry(FILE *out, size_t indent, const char *left, size_t column, const char *text);

#endif
