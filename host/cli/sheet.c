#include "sheet.h"

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "display.h"
#include "meter.h"

enum { ROWS = 1000, WIDTH_LEAST = 40 };

static enum glyphs glyphs_of_locale(void)
{
    locale_t locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
    int is_utf8 = locale && strcmp(nl_langinfo_l(CODESET, locale), "UTF-8") == 0;
    if (locale)
        freelocale(locale);
    return is_utf8 ? GLYPHS_UTF8 : GLYPHS_ASCII;
}

void sheet_init(struct canvas *c, int fd)
{
    const char *columns = getenv("COLUMNS");
    long width = columns && !isatty(fd) ? strtol(columns, NULL, 10) : 0;
    if (width < WIDTH_LEAST || width > CANVAS_MAX)
        width = (long)display_columns(fd);
    canvas_init(c, (size_t)width, ROWS, glyphs_of_locale());
}

static void finish(struct canvas *c, FILE *out)
{
    canvas_print(c, out);
    canvas_free(c);
}

void sheet_print_stages(const json_t *status, const char *name, FILE *out)
{
    struct canvas c;
    sheet_init(&c, STDOUT_FILENO);
    size_t row = page_headline(status, name, &c) + 1;
    row += page_stages(status, &c, row, c.height, NO_CURSOR);
    meter_legend(&c, row + 1, 0);
    finish(&c, out);
}

void sheet_print_totals(const json_t *status, const char *name, FILE *out)
{
    struct canvas c;
    sheet_init(&c, STDOUT_FILENO);
    page_totals(status, name, &c);
    finish(&c, out);
}

void sheet_print_roll(const json_t *roll, FILE *out)
{
    struct canvas c;
    sheet_init(&c, STDOUT_FILENO);
    page_roll(roll, &c, 0, c.height, NO_CURSOR);
    finish(&c, out);
}
