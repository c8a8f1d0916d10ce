/* The processors of the pack "text", for its table in pack.c. */
#ifndef TEXT_H
#define TEXT_H

#include <micropipe/micropipe.h>

extern const mpipe_processor text_lines, text_grep, text_write;

#endif
