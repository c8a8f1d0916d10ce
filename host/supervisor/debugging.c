#include "debugging.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run.h"

static const struct supervisor_debug *wanted(const struct supervisor *s)
{
    return s->hooks->debug;
}

static void hold(const struct supervisor *s, uint32_t held)
{
    uint32_t stage = wanted(s)->stage;
    for (uint32_t w = 0; w < s->segment.stages[stage].n_slots; w++)
        au32_store_release(&segment_slot(&s->segment, stage, w)->held, held);
}

void debugging_begin(const struct supervisor *s)
{
    if (wanted(s))
        hold(s, 1);
}

void debugging_spawned(struct supervisor *s, const struct crew *c, uint32_t worker)
{
    const struct supervisor_debug *debug = wanted(s);
    pid_t pid = c->berths[worker].pid;
    if (!debug || debug->stage != c->stage || !au32_relaxed(&segment_slot(&s->segment, c->stage, worker)->held))
        return;
    if (s->debugger) {
        log_about(s->log, LOG_LEVEL_WARNING, run_stage_name(s, c), LOG_NOBODY,
                  "the next worker waits for the debugger: attach %d", (int)pid);
        return;
    }
    log_about(s->log, LOG_LEVEL_WARNING, run_stage_name(s, c), LOG_NOBODY,
              "process %d waits for the debugger before open(): set breakpoints, then continue", (int)pid);
    pid_t started = debug->start(debug->context, pid);
    s->debugger = started > 0 ? started : 0;
    s->debugger_fd = started > 0 ? (int)syscall(SYS_pidfd_open, started, 0) : -1;
    if (s->debugger_fd < 0 || run_watch(s, s->debugger_fd, EVENT_OF_DEBUGGER, 0) != 0)
        run_end(s, OUTCOME_FAILED, "cannot start or watch the debugger: %s", strerror(started < 0 ? -started : errno));
}

void debugging_ended(struct supervisor *s)
{
    if (!s->debugger || waitpid(s->debugger, NULL, WNOHANG) != s->debugger)
        return;
    s->debugger = 0;
    run_close(s, &s->debugger_fd);
    hold(s, 0);
    if (!s->over)
        log_about(s->log, LOG_LEVEL_WARNING, s->pipeline->stages[wanted(s)->stage].name, LOG_NOBODY,
                  "the debugger has ended, the stage goes on without it");
}

int debugging_has_terminal(const struct supervisor *s)
{
    return s->debugger != 0;
}

/* SIGINT is the debugger's own affair. */
static int is_told_to_stop(const struct supervisor *s)
{
    struct signalfd_siginfo info;
    return read(s->signals, &info, sizeof info) == (ssize_t)sizeof info && info.ssi_signo == SIGTERM;
}

void debugging_finish(struct supervisor *s)
{
    if (!s->debugger)
        return;
    if (s->outcome == OUTCOME_FAILED && s->draining)
        kill(s->debugger, SIGTERM); /* a second signal has stopped the run */
    log_write(s->log, LOG_LEVEL_WARNING, "the run is over: leave the debugger with 'quit' for the summary");
    while (s->debugger) {
        struct pollfd fds[] = {{.fd = s->debugger_fd, .events = POLLIN}, {.fd = s->signals, .events = POLLIN}};
        if (poll(fds, 2, -1) > 0 && fds[1].revents && is_told_to_stop(s))
            kill(s->debugger, SIGTERM);
        debugging_ended(s);
    }
}
