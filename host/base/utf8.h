/* UTF-8 text: whether it is any, and how wide it is on a terminal. Pure. */
#ifndef UTF8_H
#define UTF8_H

#include <stddef.h>

/* Length in bytes of the character that `text` starts with; 0 if it is not well-formed UTF-8 (an overlong form, a
 * surrogate, beyond U+10FFFF, cut short by the NUL). */
int utf8_length(const char *text);

/* 1 if all of it is well-formed UTF-8 without control characters: safe on a terminal and in JSON. */
int utf8_is_printable(const char *text);

/* Puts a '?' for each byte that is none of a well-formed character. */
void utf8_replace(char *text);

/* Columns that the first `size` bytes take on a terminal: one a character, which is near enough for messages. */
size_t utf8_columns(const char *text, size_t size);

#endif
