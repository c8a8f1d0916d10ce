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
    log->outlet = NULL; /* it is of the parent's process */
    snprintf(log->stage, sizeof log->stage, "%s", stage);
    if (log->board)
        log_board_enter(log->board, page);
}

void log_go_through(struct log *log, struct outlet *own)
{
    own->lost = log->board && log->board->base ? log_board_lost(log->board, log->page) : NULL;
    log->outlet = own;
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

/* -1: it is lost. */
static int put_line(const struct log *log, struct log_record *r, int patience_ms)
{
    char line[LOG_LINE_MAX + sizeof LOG_CLEAR_LINE];
    int clears = log->on_terminal && log->format == LOG_HUMAN;
    size_t lead = clears ? strlen(LOG_CLEAR_LINE) : 0;
    memcpy(line, LOG_CLEAR_LINE, lead);
    clock_gettime(CLOCK_REALTIME, &r->time);
    size_t n = log_line(r, log->format, line + lead);
    if (!log->outlet)
        return write(log->fd, line, lead + n) < 0 ? -1 : 0;
    int error = outlet_write(log->outlet, line, lead + n, patience_ms);
    if (log->board)
        log_board_clog(log->board, error != 0);
    return error;
}

/* The number of lines that are lost, in their place. 0: there are none, or it is told; -1: not yet. */
static int tell_gap(const struct log *log, int patience_ms)
{
    char text[64];
    uint64_t lost = log->outlet ? outlet_take_lost(log->outlet) : 0;
    if (!lost)
        return 0;
    snprintf(text, sizeof text, "%" PRIu64 " line%s lost here: nobody read the log", lost, lost == 1 ? " is" : "s are");
    struct log_record gap = record_of(log, LOG_LEVEL_WARNING, text);
    if (put_line(log, &gap, patience_ms) == 0)
        return 0;
    outlet_lose(log->outlet, lost - 1); /* the gap, which counts now, is no line of its own */
    return -1;
}

static void put(const struct log *log, struct log_record *r)
{
    if (tell_gap(log, 0) != 0)
        outlet_lose(log->outlet, 1); /* not after a gap that is not told */
    else
        put_line(log, r, log->board && log_board_is_clogged(log->board) ? 0 : PATIENCE_MS);
}

void log_finish(const struct log *log)
{
    tell_gap(log, PATIENCE_MS);
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

/* What the page's owner has lost and told nobody: it is told as if the host had. */
static void take_lost(const struct log *log, uint32_t page)
{
    struct outlet others = {.fd = -1, .lost = log_board_lost(log->board, page)};
    uint64_t lost = outlet_take_lost(&others);
    if (lost && log->outlet)
        outlet_lose(log->outlet, lost);
}

void log_settle(const struct log *log, uint32_t page)
{
    if (!log->board || !log->board->base)
        return;
    put_counted(log, page, BOARD_ALL);
    take_lost(log, page);
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
        if (now_ns == BOARD_ALL)
            take_lost(log, page);
        is_left |= log_board_has_counts(log->board, page);
    }
    if (is_left)
        log_board_stir(log->board);
    return now_ns == BOARD_ALL ? UINT64_MAX : now_ns + (is_left ? BOARD_WINDOW_NS / 4 : BOARD_WINDOW_NS);
}
