#include "log_line.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "utf8.h"

static const char *const level_names[] = {[LOG_LEVEL_ERROR] = "error",
                                          [LOG_LEVEL_WARNING] = "warning",
                                          [LOG_LEVEL_INFO] = "info",
                                          [LOG_LEVEL_DEBUG] = "debug"};

enum { TAIL_MAX = 64, ESCAPE_MAX = 6 };         /* what follows the text; the longest that one byte of it becomes */
enum { FILE_ROOM = 1024, EXCERPT_ROOM = 1536 }; /* what a place may take of a line */

const char *log_level_name(enum log_level level)
{
    return level_names[level];
}

/* A line that grows. */
struct growing {
    char *line;
    size_t used, size;
};

__attribute__((format(printf, 2, 3))) static void add(struct growing *g, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(g->line + g->used, g->size - g->used, format, args);
    va_end(args);
    size_t room = g->size - g->used - 1;
    g->used += n < 0 ? 0 : (size_t)n > room ? room : (size_t)n;
}

/* C0 and C1: in UTF-8 the latter are two bytes, and there are terminals that obey them. */
static int is_control(const unsigned char *s)
{
    return s[0] < 0x20 || s[0] == 0x7f || (s[0] == 0xc2 && s[1] < 0xa0);
}

static void add_plain(struct growing *g, const char *text)
{
    for (int length; *text && g->used + ESCAPE_MAX < g->size; text += length) {
        length = utf8_length(text);
        if (length == 0) {
            length = 1;
            g->line[g->used++] = '?';
        } else if (*text != '\t' && is_control((const unsigned char *)text)) {
            g->line[g->used++] = ' ';
        } else {
            memcpy(g->line + g->used, text, (size_t)length);
            g->used += (size_t)length;
        }
    }
}

static void add_escaped(struct growing *g, const char *text)
{
    for (int length; *text && g->used + ESCAPE_MAX < g->size; text += length) {
        const unsigned char *s = (const unsigned char *)text;
        length = utf8_length(text);
        if (length == 0) {
            length = 1;
            add(g, "\\ufffd");
        } else if (*s == '"' || *s == '\\') {
            add(g, "\\%c", *s);
        } else if (is_control(s)) {
            add(g, "\\u%04x", length == 1 ? s[0] : s[1]);
        } else {
            memcpy(g->line + g->used, text, (size_t)length);
            g->used += (size_t)length;
        }
    }
}

static void human(const struct log_record *r, struct growing *g)
{
    struct tm local;
    localtime_r(&r->time.tv_sec, &local);
    add(g, "%02d:%02d:%02d.%03ld %s ", local.tm_hour, local.tm_min, local.tm_sec, r->time.tv_nsec / 1000000,
        level_names[r->level]);
    add(g, "%s%s", r->who ? r->who : "", r->who && r->stage ? ": " : "");
    if (r->stage)
        add_plain(g, r->stage);
    if (r->stage && r->worker != LOG_NOBODY)
        add(g, "/%" PRId32, r->worker);
    add(g, ": ");
    if (r->has_frame)
        add(g, "frame %" PRIu64 ": ", r->frame);
    g->size -= TAIL_MAX;
    add_plain(g, r->text);
    g->size += TAIL_MAX;
    if (r->repeated > 0)
        add(g, " (repeated %" PRIu64 " time%s%s)", r->repeated, r->repeated == 1 ? "" : "s",
            r->varied ? " with other numbers" : "");
}

/* `,"key":"text"`, in at most `most` bytes. */
static void add_member(struct growing *g, const char *key, const char *text, size_t most)
{
    struct growing part = {g->line, g->used, g->size};
    if (part.size - part.used > most)
        part.size = part.used + most;
    part.size -= 2; /* for the quote, and what ends a string of C */
    add(&part, ",\"%s\":\"", key);
    add_escaped(&part, text);
    part.size += 2;
    add(&part, "\"");
    g->used = part.used;
}

static void add_place(struct growing *g, const struct log_place *place)
{
    if (place->file)
        add_member(g, "file", place->file, FILE_ROOM);
    if (place->line > 0)
        add(g, ",\"line\":%d", place->line);
    if (place->column > 0)
        add(g, ",\"column\":%d", place->column);
    if (place->excerpt)
        add_member(g, "excerpt", place->excerpt, EXCERPT_ROOM);
}

static void json(const struct log_record *r, struct growing *g)
{
    struct tm utc;
    gmtime_r(&r->time.tv_sec, &utc);
    add(g, "{\"time\":\"%04d-%02d-%02dT%02d:%02d:%02d.%03ldZ\",\"level\":\"%s\"", utc.tm_year + 1900, utc.tm_mon + 1,
        utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, r->time.tv_nsec / 1000000, level_names[r->level]);
    if (r->stage) {
        add(g, ",\"stage\":\"");
        add_escaped(g, r->stage);
        add(g, "\"");
    }
    if (r->stage && r->worker != LOG_NOBODY)
        add(g, ",\"worker\":%" PRId32, r->worker);
    add(g, ",\"pid\":%d", (int)r->pid);
    if (r->has_frame)
        add(g, ",\"frame\":%" PRIu64, r->frame);
    if (r->place)
        add_place(g, r->place);
    add(g, ",\"text\":\"");
    g->size -= TAIL_MAX;
    add_escaped(g, r->text);
    g->size += TAIL_MAX;
    add(g, "\"");
    if (r->repeated > 0)
        add(g, ",\"repeated\":%" PRIu64 "%s", r->repeated, r->varied ? ",\"varied\":true" : "");
    add(g, "}");
}

/* NOLINTNEXTLINE(readability-non-const-parameter): it is written by way of `g` */
size_t log_line(const struct log_record *r, enum log_format format, char line[LOG_LINE_MAX])
{
    struct growing g = {line, 0, format == LOG_HUMAN ? LOG_HUMAN_MAX : LOG_LINE_MAX};
    g.size -= 1; /* for the newline */
    if (format == LOG_HUMAN)
        human(r, &g);
    else
        json(r, &g);
    g.line[g.used++] = '\n';
    return g.used;
}
