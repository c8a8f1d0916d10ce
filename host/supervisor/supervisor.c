#include "supervisor.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "clock.h"
#include "collect.h"
#include "dead_letter.h"
#include "leftovers.h"
#include "operator.h"
#include "rationing.h"
#include "run.h"
#include "staffing.h"
#include "warden.h"

enum { EVENTS_MAX = 64 };

void run_end(struct supervisor *s, enum outcome outcome, const char *format, ...)
{
    va_list args;
    if (s->over)
        return; /* the first reason counts */
    va_start(args, format);
    vsnprintf(s->reason, s->reason_size, format, args);
    va_end(args);
    s->over = 1;
    s->outcome = outcome;
}

int run_watch(const struct supervisor *s, int fd, enum run_event event, uint32_t of)
{
    struct epoll_event e = {.events = EPOLLIN, .data.u64 = (uint64_t)event << 32 | of};
    return epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &e);
}

void run_close(const struct supervisor *s, int *fd)
{
    if (*fd < 0)
        return;
    epoll_ctl(s->epoll, EPOLL_CTL_DEL, *fd, NULL);
    close(*fd);
    *fd = -1;
}

void run_kill_leftovers(const struct supervisor *s)
{
    pid_t pids[INHERITED_MAX + PIPELINE_STAGES_MAX + 2];
    uint32_t n = s->n_inherited;
    memcpy(pids, s->inherited, n * sizeof *pids);
    pids[n++] = crashes_examiner(s->crashes);
    pids[n++] = s->debugger;
    for (uint32_t i = 0; s->crews && i < s->pipeline->n_stages; i++)
        if (s->crews[i].server)
            pids[n++] = s->crews[i].server;
    leftovers_kill(s->children, pids, n);
}

/* A server was forked since: watches its socket and its death. */
static int watch_server(struct supervisor *s, const struct crew *c)
{
    if (run_watch(s, c->socket, EVENT_OF_SOCKET, c->stage) == 0 &&
        run_watch(s, c->pidfd, EVENT_OF_SERVER, c->stage) == 0)
        return 0;
    run_end(s, OUTCOME_FAILED, "cannot watch a stage server: %s; see micropipe doctor", strerror(errno));
    return -1;
}

static void on_signal(struct supervisor *s, uint64_t now)
{
    struct signalfd_siginfo info;
    if (read(s->signals, &info, sizeof info) != (ssize_t)sizeof info)
        return;
    int signal = (int)info.ssi_signo;
    if (signal == SIGINT && debugging_has_terminal(s))
        return;
    char who[64];
    snprintf(who, sizeof who, "%sSIG%s", s->draining ? "a second signal, " : "", sigabbrev_np(signal));
    if (s->draining) {
        operator_stop(s, who);
        return;
    }
    s->stop_signal = signal;
    operator_drain(s, who, now);
}

static int upstream_ended(const struct supervisor *s, uint32_t stage)
{
    for (uint32_t i = 0; i < s->pipeline->n_edges; i++)
        if (s->pipeline->edges[i].to == stage && !s->crews[s->pipeline->edges[i].from].ended)
            return 0;
    return 1;
}

static int has_ended(const struct crew *c)
{
    int ended = 0;
    for (uint32_t w = 0; w < STAGE_WORKERS_MAX; w++)
        ended |= c->berths[w].state == BERTH_ENDED;
    return ended && crew_strength(c) == 0;
}

/* The end of the stream moves down: a stage that ended lets the host close the rings of those that it alone still fed.
 */
static void check_ends(struct supervisor *s)
{
    uint32_t n_ended = 0;
    for (uint32_t i = 0; i < s->pipeline->n_stages; i++) { /* in topological order, so one pass is enough */
        struct crew *c = &s->crews[i];
        struct ring *ring = s->segment.stages[i].ring;
        if (ring && !c->closed && upstream_ended(s, i)) {
            c->closed = 1;
            ring_close(ring);
        }
        if (!c->ended && has_ended(c))
            c->ended = 1;
        n_ended += (uint32_t)c->ended;
    }
    if (n_ended == s->pipeline->n_stages)
        run_end(s, OUTCOME_DONE, "%s", "");
}

/* A constructor or load() that never returns, or a filter that is never built. Returns when to look again. */
static uint64_t check_loading(struct supervisor *s, struct crew *c, uint64_t now)
{
    uint64_t limit = s->pipeline->start_timeout_ns;
    if (!c->server || c->loaded || !limit)
        return UINT64_MAX;
    if (now < c->server_since + limit)
        return c->server_since + limit;
    run_listen(s, c, now); /* it may have said so while the host was busy, with pages to be made */
    if (!c->loaded)
        run_end(s, OUTCOME_FAILED, "stage '%s': %s was not loaded within start_timeout, %" PRIu64 " ms",
                run_stage_name(s, c), s->pipeline->stages[c->stage].processor, (uint64_t)(limit / NS_PER_MS));
    return now;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return b && b < a ? b : a;
}

/* Answers who asks for memory of its own. Returns when to look again. */
static uint64_t check_memory(struct supervisor *s, uint64_t now)
{
    char why[512] = "";
    uint64_t next = rationing_tick(s->rations, s->crews, s->log, now, why, sizeof why);
    if (next == 0)
        run_end(s, OUTCOME_CONFIG, "%s", why);
    return next;
}

/* All that is due now. Returns how long the loop may sleep, ms; -1 for ever. */
static int do_what_is_due(struct supervisor *s)
{
    uint64_t now = clock_monotonic();
    uint64_t next = s->rations ? check_memory(s, now) : UINT64_MAX;
    for (uint32_t i = 0; i < s->pipeline->n_stages; i++) {
        struct crew *c = &s->crews[i];
        pid_t before = c->server;
        uint64_t due = crew_start_due(c, &s->segment, s->log, now);
        if (due == 0)
            run_end(s, OUTCOME_FAILED, "cannot start a server for stage '%s': %s; see micropipe doctor",
                    run_stage_name(s, c), strerror(errno));
        else if (c->server != before)
            watch_server(s, c);
        next = earlier(earlier(next, due), crew_check_deadlines(c, &s->segment, now));
        next = earlier(next, check_loading(s, c, now));
    }
    if (!s->draining)
        next = earlier(next, scaling_tick(s->scaling, &s->segment, s->crews, s->log, now));
    next = earlier(next, crashes_tick(s, now)); /* after the successors were asked for */
    next = earlier(next, recorder_tick(s->recorder, s->scaling, now));
    if (s->drain_until && now >= s->drain_until)
        run_end(s, OUTCOME_FAILED, "not drained within drain_timeout");
    next = earlier(earlier(next, s->drain_until), log_sweep(s->log, now));
    if (s->tick_at && now >= s->tick_at) {
        struct snapshot snapshot;
        operator_look(s, &snapshot);
        s->hooks->tick(s->hooks->context, s, &snapshot);
        s->tick_at = now + s->hooks->tick_ms * NS_PER_MS;
    }
    next = earlier(next, s->tick_at);
    now = clock_monotonic();
    return next == UINT64_MAX ? -1 : next <= now ? 0 : (int)((next - now + NS_PER_MS - 1) / NS_PER_MS);
}

static void tell_watcher(struct supervisor *s, uint32_t which)
{
    const struct supervisor_watch *w = &s->hooks->watches[which];
    w->ready(w->context, s);
}

static void loop(struct supervisor *s)
{
    struct epoll_event events[EVENTS_MAX];
    while (!s->over) {
        int timeout = do_what_is_due(s);
        if (s->over)
            return;
        int n = epoll_wait(s->epoll, events, EVENTS_MAX, timeout);
        uint64_t now = clock_monotonic();
        for (int i = 0; i < n && !s->over; i++) {
            uint32_t tag = (uint32_t)(events[i].data.u64 >> 32);
            struct crew *c = tag == EVENT_OF_HOOKS ? NULL : &s->crews[(uint32_t)events[i].data.u64];
            if (tag == EVENT_OF_SIGNAL)
                on_signal(s, now);
            else if (tag == EVENT_OF_HOOKS)
                tell_watcher(s, (uint32_t)events[i].data.u64);
            else if (tag == EVENT_OF_CRASH)
                crashes_hear(s);
            else if (tag == EVENT_OF_DEBUGGER)
                debugging_ended(s);
            else if (tag == EVENT_OF_BELL)
                continue; /* check_memory() looks who it was */
            else if (tag == EVENT_OF_SOCKET && !(events[i].events & EPOLLIN))
                epoll_ctl(s->epoll, EPOLL_CTL_DEL, c->socket, NULL); /* its end: the pidfd tells the rest */
            else if (tag == EVENT_OF_SOCKET)
                run_listen(s, c, now);
            else if (tag == EVENT_OF_HELD) {
                run_listen(s, c, now); /* it may be of a worker that the server has just told of */
                if (warden_judge(c, &s->segment, s->log) == WARDEN_NOBODY_LEFT)
                    run_close(s, &c->listener);
            } else if (c->server)
                run_server_died(s, c, now);
        }
        check_ends(s);
    }
}

static int open_loop(struct supervisor *s)
{
    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, SIGINT);
    sigaddset(&mask, SIGTERM);
    sigprocmask(SIG_BLOCK, &mask, NULL);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    s->epoll = epoll_create1(EPOLL_CLOEXEC);
    s->signals = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
    int failed = s->epoll < 0 || s->signals < 0 || run_watch(s, s->signals, EVENT_OF_SIGNAL, 0) != 0;
    for (uint32_t i = 0; !failed && i < s->hooks->n_watches; i++)
        failed = run_watch(s, s->hooks->watches[i].fd, EVENT_OF_HOOKS, i) != 0;
    if (!failed)
        return 0;
    run_end(s, OUTCOME_FAILED, "cannot make the event loop: %s; see micropipe doctor", strerror(errno));
    return -1;
}

static int start_recorder(struct supervisor *s)
{
    if (!s->hooks->trace)
        return 0;
    int error = recorder_open(s->hooks->trace, s->hooks->trace_size, &s->segment, s->log, s->started_ns, &s->recorder);
    if (error)
        run_end(s, OUTCOME_FAILED, "cannot write the trace '%s': %s", s->hooks->trace,
                error == -ESPIPE ? "it has to be a file" : strerror(-error));
    return error;
}

/* Sees to it that workers_memory is held. */
static int ration(struct supervisor *s)
{
    uint64_t now = clock_monotonic(), budget = s->pipeline->workers_memory;
    if (budget == 0)
        return 0;
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    if (!allowance_holds()) {
        run_end(s, OUTCOME_FAILED,
                "workers_memory cannot be held: the kernel ignores RLIMIT_DATA; see micropipe doctor");
        return -ENOTSUP;
    }
#endif
    int error = rationing_create(&s->rations, &s->segment, s->crews, now);
    if (!error && s->rations && run_watch(s, rationing_bell(s->rations), EVENT_OF_BELL, 0) != 0)
        error = -errno;
    for (uint32_t i = 0; i < s->pipeline->n_stages; i++)
        s->crews[i].rations = s->rations;
    if (error)
        run_end(s, OUTCOME_FAILED, "cannot hold the processes within workers_memory: %s; see micropipe doctor",
                strerror(-error));
    else if (s->rations)
        log_write(s->log, LOG_LEVEL_INFO, "workers_memory %" PRIu64 " MiB: held by RLIMIT_DATA of each process",
                  budget >> 20);
    else
        log_write(s->log, LOG_LEVEL_WARNING, "workers_memory is not held: a program with a sanitizer maps terabytes");
    return error;
}

/* Memory, servers, then the pages: a server loads its plugin while the host makes the pages exist. */
static void start(struct supervisor *s)
{
    char why[400];
    if (s->children < 0) {
        run_end(s, OUTCOME_FAILED, "cannot see its own child processes, in /proc: %s; see micropipe doctor",
                strerror(-s->children));
        return;
    }
    int error = s->pipeline->dead_letters ? dead_letter_make_folder(s->pipeline->dead_letters) : 0;
    if (error) {
        run_end(s, OUTCOME_FAILED, "cannot create the folder for dead letters '%s': %s", s->pipeline->dead_letters,
                strerror(-error));
        return;
    }
    snprintf(why, sizeof why, "no memory for the host itself");
    error = segment_create(&s->segment, s->pipeline, why, sizeof why);
    if (error) {
        run_end(s, error == -EINVAL ? OUTCOME_CONFIG : OUTCOME_FAILED, "%s", why);
        return;
    }
    log_board_create(&s->board, segment_log_pages(&s->segment)); /* without it, each line is written */
    s->crews = calloc(s->pipeline->n_stages, sizeof *s->crews);
    s->scaling = calloc(1, sizeof *s->scaling);
    s->crashes = crashes_create();
    for (uint32_t i = 0; s->crews && i < s->pipeline->n_stages; i++)
        s->crews[i] = (struct crew){.stage = i, .socket = -1, .pidfd = -1, .listener = -1, .server_at = 1};
    if (!s->crews || !s->scaling || !s->crashes || open_loop(s) != 0) {
        run_end(s, OUTCOME_FAILED, "no memory for the host itself");
        return;
    }
    if (ration(s) != 0)
        return;
    scaling_begin(s->scaling, s->pipeline, clock_monotonic());
    if (start_recorder(s) != 0)
        return;
    do_what_is_due(s);
    error = s->over ? 0 : segment_fill(&s->segment);
    if (error)
        run_end(s, OUTCOME_FAILED, "%s", s->segment.backing.report);
    if (!s->over)
        debugging_begin(s);
    for (uint32_t i = 0; i < s->pipeline->n_stages; i++) {
        crew_begin(&s->crews[i]);
        staffing_set(&s->crews[i], &s->segment, s->pipeline->stages[i].workers_min, clock_monotonic());
    }
    if (!s->over)
        log_write(s->log, LOG_LEVEL_INFO, "%s", s->segment.backing.report);
}

/* Kills what is left, and waits until it is gone. */
static void stop(struct supervisor *s)
{
    debugging_finish(s);
    for (uint32_t i = 0; s->crews && i < s->pipeline->n_stages; i++) {
        if (s->crews[i].server) {
            kill(s->crews[i].server, SIGKILL);
            waitpid(s->crews[i].server, NULL, 0);
        }
        crew_dismiss(&s->crews[i]);
    }
    run_kill_leftovers(s);
}

static void close_loop(struct supervisor *s)
{
    if (s->epoll >= 0)
        close(s->epoll);
    if (s->signals >= 0)
        close(s->signals);
    if (s->children >= 0)
        close(s->children);
}

static void bury_all(struct supervisor *s, uint64_t now)
{
    for (uint32_t i = 0; i < s->pipeline->n_stages; i++)
        for (uint32_t w = 0; w < s->segment.stages[i].n_slots; w++)
            crew_bury(&s->crews[i], &s->segment, w, now);
}

/* What the figures say of how it ended. */
static void conclude(struct supervisor *s, const struct snapshot *last)
{
    uint64_t in_flight = 0, dead = 0;
    size_t used = strlen(s->reason);
    for (uint32_t i = 0; i < last->n_stages; i++) {
        in_flight += last->stages[i].in_flight;
        dead += last->stages[i].dead;
    }
    if (s->outcome == OUTCOME_DONE && dead > 0)
        s->outcome = OUTCOME_DEAD_LETTERS;
    for (uint32_t i = 0; i < s->segment.n_slots; i++)
        in_flight += segment_unpublished(&s->segment, i);
    if (s->outcome == OUTCOME_FAILED && in_flight > 0)
        snprintf(s->reason + used, s->reason_size - used, "; %" PRIu64 " frames in flight are lost", in_flight);
    else if (s->draining && s->outcome != OUTCOME_FAILED)
        snprintf(s->reason + used, s->reason_size - used, "stopped by %s%s, and drained",
                 s->stop_signal ? "SIG" : "micropipe ctl", s->stop_signal ? sigabbrev_np(s->stop_signal) : "");
}

enum outcome supervisor_run(const struct pipeline *p, const struct log *log, const struct supervisor_hooks *hooks,
                            struct snapshot *last, char *reason, size_t reason_size)
{
    struct supervisor s = {.pipeline = p,
                           .own_log = *log,
                           .hooks = hooks,
                           .epoll = -1,
                           .signals = -1,
                           .debugger_fd = -1,
                           .children = leftovers_open(),
                           .started_ns = clock_monotonic(),
                           .reason = reason,
                           .reason_size = reason_size};
    reason[0] = 0;
    s.own_log.board = &s.board;
    s.own_log.page = BOARD_PAGE_OF_HOST;
    outlet_open(&s.outlet, log->fd);
    s.own_log.outlet = &s.outlet;
    s.log = &s.own_log;
    s.n_inherited = leftovers_list(s.children, s.inherited, INHERITED_MAX);
    memset(last, 0, sizeof *last);
    last->pipeline = p->name;
    if (hooks->tick_ms)
        s.tick_at = s.started_ns + hooks->tick_ms * NS_PER_MS;
    start(&s);
    loop(&s);
    stop(&s); /* first: figures of workers that still run would not add up */
    if (s.crews && s.segment.backing.base && s.segment.backing.fd < 0) {
        bury_all(&s, clock_monotonic());
        operator_look(&s, last);
        conclude(&s, last);
    }
    crashes_finish(&s); /* last: the run is not slower for what it waits for here */
    close_loop(&s);
    recorder_close(&s.recorder, &s.segment, s.scaling, clock_monotonic());
    log_sweep(s.log, BOARD_ALL);
    log_finish(s.log);
    log_board_destroy(&s.board);
    outlet_close(&s.outlet);
    free(s.crews);
    free(s.scaling);
    history_destroy(s.history);
    crashes_destroy(&s.crashes);
    rationing_destroy(&s.rations);
    segment_destroy(&s.segment);
    return s.outcome;
}
