/* The terminal: shows a canvas, gives keys. One a process; ncurses stays behind it. */
#ifndef TERMINAL_H
#define TERMINAL_H

#include <stddef.h>

#include "canvas.h"

struct terminal;

/* Takes standard input and output over, until it is closed. With colours if the terminal has some and NO_COLOR is not
 * set. NULL: it is none that can be drawn on. */
struct terminal *terminal_open(void);
void terminal_close(struct terminal **t);

size_t terminal_width(const struct terminal *t);
size_t terminal_height(const struct terminal *t);
enum glyphs terminal_glyphs(const struct terminal *t);

/* A character, or an enum press; PRESS_NONE: no key waits. Never blocks. A new size of the window is seen here. */
int terminal_key(struct terminal *t);

void terminal_show(struct terminal *t, const struct canvas *c);

#endif
