#include "log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"

enum { TEXT_MAX = 2048, PATIENCE_MS = 1000 };

int log_is_terminal(int fd)
{
    const char *terminal = getenv("TERM");
    return fd >= 0 && isatty(fd) && terminal && strcmp(terminal, "dumb") != 0;
}

void log_init(struct log *log, int fd, enum log_level threshold, const char *who)
{
    *log = (struct log){.fd = fd, .threshold = threshold, .on_terminal = log_is_terminal(fd), .worker = LOG_NOBODY};
    snprintf(log->who, sizeof log->who, "%s", who);
}

void log_of_stage(struct log *log, const struct log *parent, const char *stage, int32_t worker, uint32_t page)
{
    *log = *parent;
    log->who[0] = 0;
    log->worker = worker;
    log->page = page;
    log->frame = NULL;
    log->outlet = NULL; /* it is of the process that opened it */
    snprintf(log->stage, sizeof log->stage, "%s", stage);
    if (log->board)
        log_board_enter(log->board, page);
}

static void put_line(const struct log *log, struct log_record *r)
{
    char line[LOG_LINE_MAX + sizeof LOG_CLEAR_LINE];
    int clears = log->on_terminal && log->format == LOG_HUMAN;
    size_t lead = clears ? strlen(LOG_CLEAR_LINE) : 0;
    memcpy(line, LOG_CLEAR_LINE, lead);
    clock_gettime(CLOCK_REALTIME, &r->time);
    size_t n = log_line(r, log->format, line + lead);
    if (log->outlet)
        outlet_write(log->outlet, line, lead + n, PATIENCE_MS);
    else if (write(log->fd, line, lead + n) < 0)
        return; /* nobody to tell */
}

/* Whether more can be told of a gap later, or not: then it is waited with as for a line after none that was lost. */
enum telling { TELL_IF_ROOM, TELL_LAST };

/* The number of lines that are lost, in their place. */
static void tell_gap(const struct log *log, enum telling telling)
{
    char text[64];
    uint64_t lost = log->outlet->lost;
    if (telling == TELL_LAST)
        log->outlet->lost = 0;
    snprintf(text, sizeof text, "%" PRIu64 " line%s lost here: nobody read the log", lost, lost == 1 ? " is" : "s are");
    struct log_record gap = {.level = LOG_LEVEL_WARNING,
                             .who = log->who[0] ? log->who : NULL,
                             .worker = LOG_NOBODY,
                             .pid = getpid(),
                             .text = text};
    put_line(log, &gap);
    if (log->outlet->lost)
        log->outlet->lost = lost; /* the gap is no line of its own */
}

static void put(const struct log *log, struct log_record *r)
{
    if (log->outlet && log->outlet->lost)
        tell_gap(log, TELL_IF_ROOM);
    if (log->outlet && log->outlet->lost)
        log->outlet->lost++; /* not after a gap that is not told */
    else
        put_line(log, r);
}

void log_finish(const struct log *log)
{
    if (log->outlet && log->outlet->lost)
        tell_gap(log, TELL_LAST);
}

/* Lines that were counted: the last of them, and how many there were. One alone is told as if it had just come. */
static void put_counted(const struct log *log, uint32_t page, uint64_t now_ns)
{
    struct board_line line;
    for (uint32_t n = log_board_take(log->board, page, now_ns, &line); n > 0;
         n = log_board_take(log->board, page, now_ns, &line)) {
        struct log_record r = {.level = (enum log_level)line.level,
                               .who = line.of_host ? "micropipe" : NULL,
                               .stage = line.stage[0] ? line.stage : NULL,
                               .worker = line.worker,
                               .pid = line.pid,
                               .has_frame = line.has_frame != 0,
                               .frame = line.frame,
                               .text = line.text,
                               .repeated = n > 1 ? n : 0,
                               .varied = line.varied != 0};
        put(log, &r);
    }
}

static void emit(const struct log *log, struct log_record *r)
{
    if (!log->board || !log->board->base || !log_board_lock(log->board, log->page)) {
        put(log, r);
        return;
    }
    struct board_line line = {.frame = r->frame,
                              .level = r->level,
                              .has_frame = (uint32_t)r->has_frame,
                              .of_host = r->who != NULL,
                              .worker = r->worker,
                              .pid = r->pid};
    snprintf(line.stage, sizeof line.stage, "%s", r->stage ? r->stage : "");
    snprintf(line.text, sizeof line.text, "%s", r->text);
    uint64_t now = clock_monotonic();
    int is_written = log_board_judge(log->board, log->page, &line, r->text, now) == BOARD_WRITE;
    put_counted(log, log->page, is_written ? BOARD_ALL : now);
    if (is_written)
        put(log, r);
    log_board_unlock(log->board, log->page);
}

static struct log_record record_of(const struct log *log, enum log_level level, const char *text)
{
    struct log_record r = {.level = level,
                           .who = log->who[0] ? log->who : NULL,
                           .stage = log->stage[0] ? log->stage : NULL,
                           .worker = log->worker,
                           .pid = getpid(),
                           .text = text};
    return r;
}

static int is_silent(const struct log *log, enum log_level level)
{
    return log->fd < 0 || level > log->threshold;
}

void log_writev(const struct log *log, enum log_level level, const char *format, va_list args)
{
    char text[TEXT_MAX] = "";
    if (is_silent(log, level))
        return;
    vsnprintf(text, sizeof text, format, args);
    struct log_record r = record_of(log, level, text);
    r.has_frame = log->frame && log->frame(log->frame_context, &r.frame);
    emit(log, &r);
}

void log_write(const struct log *log, enum log_level level, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    log_writev(log, level, format, args);
    va_end(args);
}

void log_frame(const struct log *log, enum log_level level, uint64_t sequence, const char *format, ...)
{
    char text[TEXT_MAX] = "";
    va_list args;
    if (is_silent(log, level))
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    struct log_record r = record_of(log, level, text);
    r.has_frame = 1;
    r.frame = sequence;
    emit(log, &r);
}

void log_about(const struct log *log, enum log_level level, const char *stage, int32_t worker, const char *format, ...)
{
    char text[TEXT_MAX] = "";
    va_list args;
    if (is_silent(log, level))
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    struct log_record r = record_of(log, level, text);
    r.stage = stage;
    r.worker = worker;
    emit(log, &r);
}

void log_at(const struct log *log, enum log_level level, const struct log_place *place, const char *format, ...)
{
    char text[TEXT_MAX] = "";
    va_list args;
    if (is_silent(log, level))
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    struct log_record r = record_of(log, level, text);
    r.place = place;
    put(log, &r);
}

void log_settle(const struct log *log, uint32_t page)
{
    if (log->board && log->board->base)
        put_counted(log, page, BOARD_ALL);
}

uint64_t log_sweep(const struct log *log, uint64_t now_ns)
{
    int is_left = 0;
    if (!log->board || !log->board->base)
        return UINT64_MAX;
    if (now_ns != BOARD_ALL && !log_board_is_stirred(log->board))
        return now_ns + BOARD_WINDOW_NS;
    for (uint32_t page = BOARD_PAGE_OF_HOST; page < log->board->n_pages; page++) {
        put_counted(log, page, now_ns);
        is_left |= log_board_has_counts(log->board, page);
    }
    if (is_left)
        log_board_stir(log->board);
    return now_ns == BOARD_ALL ? UINT64_MAX : now_ns + (is_left ? BOARD_WINDOW_NS / 4 : BOARD_WINDOW_NS);
}
