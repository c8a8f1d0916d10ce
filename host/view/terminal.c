#include "terminal.h"

#include <curses.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "screen.h"

enum { ESCAPE_MS = 25, CTRL_C = 3 };

struct terminal {
    SCREEN *screen;
    int has_colours;
};

/* Of the terminal's own colours, so that dark and light ones suit. */
static void choose_colours(struct terminal *t)
{
    static const short foregrounds[TINTS] = {[TINT_PLAIN] = -1,           [TINT_FAINT] = -1,
                                             [TINT_STRONG] = -1,          [TINT_HEAD] = COLOR_CYAN,
                                             [TINT_BUSY] = COLOR_GREEN,   [TINT_BLOCKED] = COLOR_YELLOW,
                                             [TINT_STARVED] = COLOR_BLUE, [TINT_WARNING] = COLOR_YELLOW,
                                             [TINT_ERROR] = COLOR_RED};
    const char *none = getenv("NO_COLOR");
    t->has_colours = !(none && *none) && has_colors() && start_color() == OK && use_default_colors() == OK;
    for (short i = 0; t->has_colours && i < TINTS; i++)
        init_pair((short)(i + 1), foregrounds[i], -1);
}

/* Ctrl-C is a key, so that whoever leaves with it leaves as with q. Saved as a mode of ours, to which ncurses returns
 * after Ctrl-Z. */
static void take_interrupt(void)
{
    struct termios mode;
    if (tcgetattr(STDIN_FILENO, &mode) != 0)
        return;
    mode.c_cc[VINTR] = _POSIX_VDISABLE;
    tcsetattr(STDIN_FILENO, TCSANOW, &mode);
    def_prog_mode();
}

struct terminal *terminal_open(void)
{
    struct terminal *t = calloc(1, sizeof *t);
    setlocale(LC_CTYPE, ""); /* ncurses asks it what characters are */
    if (t)
        t->screen = newterm(NULL, stdout, stdin);
    if (!t || !t->screen) {
        free(t);
        return NULL;
    }
    cbreak();
    take_interrupt();
    noecho();
    nonl();
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    set_escdelay(ESCAPE_MS);
    curs_set(0);
    choose_colours(t);
    return t;
}

void terminal_close(struct terminal **t)
{
    if (!*t)
        return;
    endwin();
    delscreen((*t)->screen);
    free(*t);
    *t = NULL;
}

size_t terminal_width(const struct terminal *t)
{
    (void)t;
    return COLS > 0 ? (size_t)COLS : 0;
}

size_t terminal_height(const struct terminal *t)
{
    (void)t;
    return LINES > 0 ? (size_t)LINES : 0;
}

enum glyphs terminal_glyphs(const struct terminal *t)
{
    (void)t;
    return strcmp(nl_langinfo(CODESET), "UTF-8") == 0 ? GLYPHS_UTF8 : GLYPHS_ASCII;
}

int terminal_key(struct terminal *t)
{
    static const int keys[][2] = {
        {KEY_UP, PRESS_UP},         {KEY_DOWN, PRESS_DOWN},       {KEY_LEFT, PRESS_LEFT}, {KEY_RIGHT, PRESS_RIGHT},
        {KEY_PPAGE, PRESS_PAGE_UP}, {KEY_NPAGE, PRESS_PAGE_DOWN}, {KEY_HOME, PRESS_HOME}, {KEY_END, PRESS_END},
        {KEY_ENTER, PRESS_ENTER},   {'\r', PRESS_ENTER},          {'\n', PRESS_ENTER},    {27, PRESS_ESCAPE},
        {CTRL_C, PRESS_INTERRUPT},  {KEY_BACKSPACE, PRESS_ERASE}, {127, PRESS_ERASE},     {'\b', PRESS_ERASE}};
    (void)t;
    int key = getch();
    if (key == ERR)
        return PRESS_NONE;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (keys[i][0] == key)
            return keys[i][1];
    return key >= KEY_MIN ? PRESS_OTHER : key;
}

static attr_t attributes(const struct terminal *t, unsigned tint)
{
    static const attr_t plain[TINTS] = {[TINT_FAINT] = A_DIM,
                                        [TINT_STRONG] = A_BOLD,
                                        [TINT_HEAD] = A_UNDERLINE,
                                        [TINT_WARNING] = A_BOLD,
                                        [TINT_ERROR] = A_BOLD};
    unsigned which = tint & (TINT_CHOSEN - 1);
    attr_t a = which < TINTS ? plain[which] : A_NORMAL;
    if (t->has_colours && which < TINTS)
        a |= COLOR_PAIR(which + 1);
    return tint & TINT_CHOSEN ? a | A_REVERSE : a;
}

/* A run of cells of one tint. Returns the column behind it. */
static size_t show_run(const struct terminal *t, const struct canvas *c, size_t row, size_t column, size_t end)
{
    unsigned tint = canvas_at(c, row, column)->tint;
    attrset((int)attributes(t, tint));
    for (; column < end && canvas_at(c, row, column)->tint == tint; column++)
        addstr(canvas_at(c, row, column)->text[0] ? canvas_at(c, row, column)->text : " ");
    return column;
}

void terminal_show(struct terminal *t, const struct canvas *c)
{
    erase();
    for (size_t row = 0; row < c->height; row++) {
        move((int)row, 0);
        for (size_t column = 0; column < c->width;)
            column = show_run(t, c, row, column, c->width);
    }
    refresh();
}
