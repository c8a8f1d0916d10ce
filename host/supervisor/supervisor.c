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
#include "scaling.h"
#include "staffing.h"
#include "warden.h"

enum { INHERITED_MAX = 64, EVENTS_MAX = 64, TAG_SIGNAL = 0, TAG_SOCKET = 1, TAG_SERVER = 2, TAG_HELD = 3 };

struct supervisor {
    const struct pipeline *pipeline;
    const struct log *log;
    const struct supervisor_hooks *hooks;
    struct segment segment;
    struct crew *crews;
    struct scaling *scaling;
    int epoll, signals, children;   /* children: of leftovers_open() */
    pid_t inherited[INHERITED_MAX]; /* children from before the run: not ours to kill */
    uint32_t n_inherited;
    uint64_t started_ns, tick_at, deadline_check_at, drain_until; /* 0: not */
    int stop_signal;                                              /* that started the drain, 0: none did */
    int over;                                                     /* 1: leave the loop */
    enum outcome outcome;
    char *reason;
    size_t reason_size;
};

__attribute__((format(printf, 3, 4))) static void end_run(struct supervisor *s, enum outcome outcome,
                                                          const char *format, ...)
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

static int watch(const struct supervisor *s, int fd, uint32_t tag, uint32_t stage)
{
    struct epoll_event e = {.events = EPOLLIN, .data.u64 = (uint64_t)tag << 32 | stage};
    return epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &e);
}

/* A server was forked since: watches its socket and its death. */
static int watch_server(struct supervisor *s, const struct crew *c)
{
    if (watch(s, c->socket, TAG_SOCKET, c->stage) == 0 && watch(s, c->pidfd, TAG_SERVER, c->stage) == 0)
        return 0;
    end_run(s, OUTCOME_FAILED, "cannot watch a stage server: %s; see micropipe doctor", strerror(errno));
    return -1;
}

static const char *stage_name(const struct supervisor *s, const struct crew *c)
{
    return s->pipeline->stages[c->stage].name;
}

static void worker_died(struct supervisor *s, struct crew *c, uint32_t worker, int status, uint64_t now)
{
    const struct slot *slot = segment_slot(&s->segment, c->stage, worker);
    int own_exit = crew_own_exit(slot, status);
    int late = c->berths[worker].aborted_at != 0;
    char reason[REASON_MAX];
    char how[64];
    memcpy(reason, slot->reason, sizeof reason);
    reason[sizeof reason - 1] = 0;
    describe_status(status, how, sizeof how);
    if (own_exit == WORKER_CONFIG)
        end_run(s, OUTCOME_CONFIG, "stage '%s' cannot work as it is configured%s%s", stage_name(s, c),
                reason[0] ? ": " : "; its own words are in the log above", reason);
    else if (own_exit == WORKER_STOP)
        end_run(s, OUTCOME_FAILED, "stage '%s' refused a frame, and its on_error is \"stop\": %s", stage_name(s, c),
                reason);
    if (crew_worker_died(c, &s->segment, s->log, worker, status, now))
        end_run(s, OUTCOME_FAILED,
                "stage '%s' is given up: its workers died %d times %swithout progress; the last %s%s%s%s",
                stage_name(s, c), RESTART_DEATHS_MAX, late ? "" : "within 30 s ", how,
                late ? ", as its plugin did not return in time" : "", reason[0] ? ": " : "", reason);
}

static void worker_exited(struct supervisor *s, struct crew *c, const struct server_message *m, uint64_t now)
{
    struct berth *b = &c->berths[m->worker];
    uint32_t state = au32_acquire(&segment_slot(&s->segment, c->stage, m->worker)->state);
    int done = crew_own_exit(segment_slot(&s->segment, c->stage, m->worker), m->status) == WORKER_DONE;
    au64_store_relaxed(&segment_slot(&s->segment, c->stage, m->worker)->died, m->at_ns);
    if (m->text[0])
        log_write(s->log, LOG_LEVEL_ERROR, "%s/%" PRIu32 ": %.*s", stage_name(s, c), m->worker, SERVER_TEXT_MAX - 1,
                  m->text);
    if (done && (state == SLOT_ENDED || state == SLOT_RETIRED)) {
        crew_left(b, now);
        b->state = BERTH_ENDED;
        if (state == SLOT_RETIRED && staffing_left(c, &s->segment, m->worker, now))
            log_write(s->log, LOG_LEVEL_WARNING, "%s/%" PRIu32 ": keeps frames although it was flushed, so it stays",
                      stage_name(s, c), m->worker);
        return;
    }
    worker_died(s, c, m->worker, m->status, now);
}

/* `fd` becomes the crew's. Only the first counts: what comes after it may be the plugin's. */
static void confined(struct supervisor *s, struct crew *c, const struct server_message *m, int fd)
{
    log_write(s->log, LOG_LEVEL_INFO, "%s: sandbox %s", stage_name(s, c), m->text);
    c->listener = fd;
    if (fd >= 0 && watch(s, fd, TAG_HELD, c->stage) != 0)
        end_run(s, OUTCOME_FAILED, "cannot watch a stage's filter: %s", strerror(errno));
}

static void server_says(struct supervisor *s, struct crew *c, struct server_message *m, int fd, uint64_t now)
{
    m->text[SERVER_TEXT_MAX - 1] = 0;
    if (m->type == SERVER_CONFINED && !c->confined) {
        c->confined = 1;
        confined(s, c, m, fd);
        return;
    }
    if (fd >= 0)
        close(fd);
    if (m->worker >= s->segment.stages[c->stage].n_slots)
        return;
    struct berth *b = &c->berths[m->worker];
    int current = m->epoch == b->epoch;
    if (m->type == SERVER_LOADED) {
        c->loaded = 1;
    } else if (m->type == SERVER_REFUSED) {
        end_run(s, m->status == OUTCOME_CONFIG ? OUTCOME_CONFIG : OUTCOME_FAILED, "stage '%s': %s: %s",
                stage_name(s, c), s->pipeline->stages[c->stage].processor, m->text);
    } else if (m->type == SERVER_SPAWNED && current && b->state == BERTH_STARTING) {
        b->state = BERTH_ALIVE;
        b->pid = m->pid;
        b->alive_since = now;
    } else if (m->type == SERVER_EXITED && current && (b->state == BERTH_ALIVE || b->state == BERTH_STARTING)) {
        worker_exited(s, c, m, now);
    }
}

/* Reads all that the server has said. */
static void listen_to(struct supervisor *s, struct crew *c, uint64_t now)
{
    struct server_message m;
    int fd;
    while (c->socket >= 0 && server_hear(c->socket, &m, &fd))
        server_says(s, c, &m, fd, now);
}

/* Kills all children but the servers that run, and what was there before us. */
static void kill_leftovers(const struct supervisor *s)
{
    pid_t pids[INHERITED_MAX + PIPELINE_STAGES_MAX];
    uint32_t n = s->n_inherited;
    memcpy(pids, s->inherited, n * sizeof *pids);
    for (uint32_t i = 0; s->crews && i < s->pipeline->n_stages; i++)
        if (s->crews[i].server)
            pids[n++] = s->crews[i].server;
    leftovers_kill(s->children, pids, n);
}

/* Its workers die with it, and come to us as orphans: when none of them is left, each is settled as any dead worker. */
static void server_died(struct supervisor *s, struct crew *c, uint64_t now)
{
    siginfo_t info = {0};
    char how[64];
    listen_to(s, c, now);
    if (waitid(P_PID, (id_t)c->server, &info, WEXITED) != 0)
        return;
    crew_dismiss(c);
    kill_leftovers(s);
    if (c->ended || s->over)
        return;
    int status = info.si_code == CLD_EXITED ? (info.si_status & 0xff) << 8 : info.si_status;
    describe_status(status, how, sizeof how);
    log_write(s->log, LOG_LEVEL_WARNING, "%s: stage server %s", stage_name(s, c), how);
    int progress = 0;
    for (uint32_t w = 0; w < s->segment.stages[c->stage].n_slots; w++) {
        struct berth *b = &c->berths[w];
        progress |= b->transactions != au64_relaxed(&segment_slot(&s->segment, c->stage, w)->transactions);
        if (b->state == BERTH_ALIVE || b->state == BERTH_STARTING)
            worker_died(s, c, w, SIGKILL, now);
    }
    enum death_cause cause = status == SIGKILL ? DEATH_FROM_OUTSIDE : DEATH_BY_ITSELF;
    struct restart_decision d = restart_decide(&c->server_history, cause, progress, now);
    c->server_at = now + d.after_ns;
    if (d.give_up)
        end_run(s, OUTCOME_FAILED, "stage '%s' is given up: its server died %d times within 30 s; the last %s",
                stage_name(s, c), RESTART_DEATHS_MAX, how);
}

/* Sources make no more; what they made goes through. */
static void drain(struct supervisor *s, int signal, uint64_t now)
{
    const char *name = sigabbrev_np(signal);
    s->stop_signal = signal;
    s->drain_until = now + s->pipeline->drain_timeout_ns;
    log_write(s->log, LOG_LEVEL_INFO, "SIG%s: the sources stop, the rest is drained (a second signal stops at once)",
              name);
    for (uint32_t i = 0; i < s->pipeline->n_stages; i++) {
        crew_hasten(&s->crews[i], now);
        if (!s->pipeline->stages[i].is_source)
            continue;
        for (uint32_t w = 0; w < s->segment.stages[i].n_slots; w++) {
            au32_store_release(&segment_slot(&s->segment, i, w)->command, SLOT_FINISH);
            crew_signal(&s->crews[i], w, SIGUSR2);
        }
        event_wake_slow(&s->segment.stages[i].memory->freed, INT32_MAX);
    }
}

static void on_signal(struct supervisor *s, uint64_t now)
{
    struct signalfd_siginfo info;
    if (read(s->signals, &info, sizeof info) != (ssize_t)sizeof info)
        return;
    int signal = (int)info.ssi_signo;
    if (!s->stop_signal)
        drain(s, signal, now);
    else
        end_run(s, OUTCOME_FAILED, "stopped by a second signal, SIG%s", sigabbrev_np(signal));
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
        end_run(s, OUTCOME_DONE, "%s", "");
}

/* A constructor or load() that never returns, or a filter that is never built. Returns when to look again. */
static uint64_t check_loading(struct supervisor *s, struct crew *c, uint64_t now)
{
    uint64_t limit = s->pipeline->start_timeout_ns;
    if (!c->server || c->loaded || !limit)
        return UINT64_MAX;
    if (now < c->server_since + limit)
        return c->server_since + limit;
    listen_to(s, c, now); /* it may have said so while the host was busy, with pages to be made */
    if (!c->loaded)
        end_run(s, OUTCOME_FAILED, "stage '%s': %s was not loaded within start_timeout, %" PRIu64 " ms",
                stage_name(s, c), s->pipeline->stages[c->stage].processor, (uint64_t)(limit / NS_PER_MS));
    return now;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return b && b < a ? b : a;
}

/* All that is due now. Returns how long the loop may sleep, ms; -1 for ever. */
static int do_what_is_due(struct supervisor *s)
{
    uint64_t now = clock_monotonic();
    uint64_t next = UINT64_MAX;
    for (uint32_t i = 0; i < s->pipeline->n_stages; i++) {
        struct crew *c = &s->crews[i];
        pid_t before = c->server;
        uint64_t due = crew_start_due(c, &s->segment, s->log, now);
        if (due == 0)
            end_run(s, OUTCOME_FAILED, "cannot start a server for stage '%s': %s; see micropipe doctor",
                    stage_name(s, c), strerror(errno));
        else if (c->server != before)
            watch_server(s, c);
        next = earlier(earlier(next, due), crew_check_deadlines(c, &s->segment, now));
        next = earlier(next, check_loading(s, c, now));
    }
    if (!s->drain_until)
        next = earlier(next, scaling_tick(s->scaling, &s->segment, s->crews, s->log, now));
    if (s->drain_until && now >= s->drain_until)
        end_run(s, OUTCOME_FAILED, "not drained within drain_timeout");
    next = earlier(next, s->drain_until);
    if (s->tick_at && now >= s->tick_at) {
        struct snapshot snapshot;
        collect(&snapshot, &s->segment, s->crews, s->started_ns, now);
        scaling_describe_limit(s->scaling, s->pipeline, snapshot.limit, sizeof snapshot.limit);
        s->hooks->tick(s->hooks->context, &snapshot);
        s->tick_at = now + s->hooks->tick_ms * NS_PER_MS;
    }
    next = earlier(next, s->tick_at);
    now = clock_monotonic();
    return next == UINT64_MAX ? -1 : next <= now ? 0 : (int)((next - now + NS_PER_MS - 1) / NS_PER_MS);
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
            struct crew *c = &s->crews[(uint32_t)events[i].data.u64];
            if (tag == TAG_SIGNAL)
                on_signal(s, now);
            else if (tag == TAG_SOCKET && !(events[i].events & EPOLLIN))
                epoll_ctl(s->epoll, EPOLL_CTL_DEL, c->socket, NULL); /* its end: the pidfd tells the rest */
            else if (tag == TAG_SOCKET)
                listen_to(s, c, now);
            else if (tag == TAG_HELD) {
                listen_to(s, c, now); /* it may be of a worker that the server has just told of */
                warden_judge(c, &s->segment, s->log);
            } else if (c->server)
                server_died(s, c, now);
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
    if (s->epoll >= 0 && s->signals >= 0 && watch(s, s->signals, TAG_SIGNAL, 0) == 0)
        return 0;
    end_run(s, OUTCOME_FAILED, "cannot make the event loop: %s; see micropipe doctor", strerror(errno));
    return -1;
}

/* Memory, servers, then the pages: a server loads its plugin while the host makes the pages exist. */
static void start(struct supervisor *s)
{
    char why[400];
    if (s->children < 0) {
        end_run(s, OUTCOME_FAILED, "cannot see its own child processes, in /proc: %s; see micropipe doctor",
                strerror(-s->children));
        return;
    }
    int error = s->pipeline->dead_letters ? dead_letter_make_folder(s->pipeline->dead_letters) : 0;
    if (error) {
        end_run(s, OUTCOME_FAILED, "cannot create the folder for dead letters '%s': %s", s->pipeline->dead_letters,
                strerror(-error));
        return;
    }
    snprintf(why, sizeof why, "no memory for the host itself");
    error = segment_create(&s->segment, s->pipeline, why, sizeof why);
    if (error) {
        end_run(s, error == -EINVAL ? OUTCOME_CONFIG : OUTCOME_FAILED, "%s", why);
        return;
    }
    s->crews = calloc(s->pipeline->n_stages, sizeof *s->crews);
    s->scaling = calloc(1, sizeof *s->scaling);
    for (uint32_t i = 0; s->crews && i < s->pipeline->n_stages; i++)
        s->crews[i] = (struct crew){.stage = i, .socket = -1, .pidfd = -1, .listener = -1, .server_at = 1};
    if (!s->crews || !s->scaling || open_loop(s) != 0) {
        end_run(s, OUTCOME_FAILED, "no memory for the host itself");
        return;
    }
    scaling_begin(s->scaling, s->pipeline, clock_monotonic());
    do_what_is_due(s);
    error = s->over ? 0 : segment_fill(&s->segment);
    if (error)
        end_run(s, OUTCOME_FAILED, "%s", s->segment.backing.report);
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
    for (uint32_t i = 0; s->crews && i < s->pipeline->n_stages; i++) {
        if (s->crews[i].server) {
            kill(s->crews[i].server, SIGKILL);
            waitpid(s->crews[i].server, NULL, 0);
        }
        crew_dismiss(&s->crews[i]);
    }
    kill_leftovers(s);
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
    else if (s->stop_signal && s->outcome != OUTCOME_FAILED)
        snprintf(s->reason + used, s->reason_size - used, "stopped by SIG%s, and drained",
                 sigabbrev_np(s->stop_signal));
}

enum outcome supervisor_run(const struct pipeline *p, const struct log *log, const struct supervisor_hooks *hooks,
                            struct snapshot *last, char *reason, size_t reason_size)
{
    struct supervisor s = {.pipeline = p,
                           .log = log,
                           .hooks = hooks,
                           .epoll = -1,
                           .signals = -1,
                           .children = leftovers_open(),
                           .started_ns = clock_monotonic(),
                           .reason = reason,
                           .reason_size = reason_size};
    reason[0] = 0;
    s.n_inherited = leftovers_list(s.children, s.inherited, INHERITED_MAX);
    memset(last, 0, sizeof *last);
    last->pipeline = p->name;
    if (hooks && hooks->tick && hooks->tick_ms)
        s.tick_at = s.started_ns + hooks->tick_ms * NS_PER_MS;
    start(&s);
    loop(&s);
    stop(&s); /* first: figures of workers that still run would not add up */
    if (s.crews && s.segment.backing.base && s.segment.backing.fd < 0) {
        bury_all(&s, clock_monotonic());
        collect(last, &s.segment, s.crews, s.started_ns, clock_monotonic());
        scaling_describe_limit(s.scaling, p, last->limit, sizeof last->limit);
        conclude(&s, last);
    }
    free(s.crews);
    free(s.scaling);
    segment_destroy(&s.segment);
    return s.outcome;
}
