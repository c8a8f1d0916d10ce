#include "meter.h"

#include <math.h>

enum { PARTS = 3 };

static const enum tint tints[PARTS] = {TINT_BUSY, TINT_BLOCKED, TINT_STARVED};
static const char *const words[PARTS] = {"busy", "blocked: waits for room", "starved: waits for input"};
static const char *const ascii[PARTS] = {"#", "=", "."}, *const utf8[PARTS] = {"█", "▒", "·"};

static const char *glyph(const struct canvas *c, size_t part)
{
    return c->glyphs == GLYPHS_UTF8 ? utf8[part] : ascii[part];
}

static double sound(double share)
{
    return share > 0 ? share < 1 ? share : 1 : 0; /* NAN is 0 */
}

/* Each part ends where the sum up to it does, so rounding never makes the bar longer than its sum. */
void meter_draw(const struct meter *m, struct canvas *c, size_t row, size_t column, size_t width)
{
    const double shares[PARTS] = {sound(m->busy), sound(m->blocked), sound(m->starved)};
    double sum = 0;
    size_t at = 0;
    for (size_t part = 0; part < PARTS; part++) {
        sum += shares[part];
        size_t end = (size_t)lround(sound(sum) * (double)width);
        for (; at < end; at++)
            canvas_put(c, row, column + at, 1, tints[part], glyph(c, part));
    }
}

size_t meter_legend(struct canvas *c, size_t row, size_t column)
{
    for (size_t part = 0; part < PARTS; part++) {
        column = canvas_put(c, row, column, 1, tints[part], glyph(c, part));
        column = canvas_printf(c, row, column, TINT_FAINT, " %s%s", words[part], part + 1 < PARTS ? "   " : "");
    }
    return column;
}
