#include "display.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "log.h"

enum { TICK_REDRAWN_MS = 250, TICK_LINES_MS = 10000, WIDTH_UNKNOWN = 100 };

enum display_kind display_kind_for(int fd)
{
    return log_is_terminal(fd) ? DISPLAY_REDRAWN : DISPLAY_LINES;
}

size_t display_columns(int fd)
{
    struct winsize size = {.ws_col = 0};
    return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : WIDTH_UNKNOWN;
}

void display_init(struct display *d, int fd, enum display_kind kind, const struct pipeline *pipeline)
{
    d->fd = fd;
    d->kind = kind;
    outlet_open(&d->outlet, kind == DISPLAY_NONE ? -1 : fd);
    progress_init(&d->progress, pipeline);
}

/* One write, so that it does not mix with other processes' lines. A screen that cannot be written to changes nothing.
 */
static void put(struct display *d, const char *text)
{
    outlet_write(&d->outlet, text, strlen(text), 0);
}

/* The width is asked for each time: a window may be resized. Its last column stays free, since a full line makes some
 * terminals wrap. */
static void tick(void *context, struct supervisor *s, const struct snapshot *now)
{
    struct display *d = context;
    char line[PROGRESS_LINE_MAX], text[PROGRESS_LINE_MAX + 128];
    (void)s;
    progress_note(&d->progress, now);
    if (d->kind == DISPLAY_REDRAWN) {
        progress_line(&d->progress, now, PROGRESS_BAR, display_columns(d->fd) - 1, line);
        snprintf(text, sizeof text, LOG_CLEAR_LINE "%s", line);
    } else {
        progress_line(&d->progress, now, PROGRESS_PLAIN, PROGRESS_LINE_MAX, line);
        snprintf(text, sizeof text, "%.64s: %s\n", now->pipeline, line);
    }
    put(d, text);
}

struct supervisor_hooks display_hooks(struct display *d)
{
    static const uint32_t tick_ms[] = {
        [DISPLAY_NONE] = 0, [DISPLAY_LINES] = TICK_LINES_MS, [DISPLAY_REDRAWN] = TICK_REDRAWN_MS};
    return (struct supervisor_hooks){.tick = tick, .context = d, .tick_ms = tick_ms[d->kind]};
}

void display_end(struct display *d)
{
    if (d->kind == DISPLAY_REDRAWN)
        put(d, LOG_CLEAR_LINE);
    d->kind = DISPLAY_NONE;
    outlet_close(&d->outlet);
}
