#include "crew.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "allocation.h"
#include "burial.h"
#include "clock.h"
#include "kernel_figure.h"
#include "rationing.h"
#include "server.h"
#include "settlement.h"
#include "staffing.h"

#define ABORT_TO_KILL (2 * NS_PER_S)
#define SHORTEST_LOOK (10 * NS_PER_MS)
#define ASK_AGAIN (10 * NS_PER_MS)

void describe_status(int status, char *text, size_t size)
{
    const char *name = WIFSIGNALED(status) ? sigabbrev_np(WTERMSIG(status)) : NULL;
    if (WIFSIGNALED(status))
        snprintf(text, size, "died of SIG%s", name ? name : "?");
    else
        snprintf(text, size, "exited with %d", WEXITSTATUS(status));
}

int crew_own_exit(const struct slot *slot, int status)
{
    if (!WIFEXITED(status) || au32_acquire(&slot->leaving) != (uint32_t)WEXITSTATUS(status) + 1)
        return -1;
    return WEXITSTATUS(status);
}

/* -EAGAIN: there is no room, as the server was stopped or is busy. Any other server that does not take it is dead or
 * dying, which its pidfd tells. */
static int command(const struct crew *c, const struct server_message *m)
{
    if (c->socket >= 0 && send(c->socket, m, sizeof *m, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 && errno == EAGAIN)
        return -EAGAIN;
    return 0;
}

/* One that finds no room is not missed: a deadline comes again, and of SIGUSR2, which says no more than that there is
 * something to be looked at, others are on their way. */
void crew_signal(const struct crew *c, uint32_t worker, int signal)
{
    const struct berth *b = &c->berths[worker];
    struct server_message m = {.type = SERVER_SIGNAL, .worker = worker, .epoch = b->epoch, .status = signal};
    if (b->state == BERTH_STARTING || b->state == BERTH_ALIVE)
        command(c, &m);
}

/* How often the kernel has killed for want of memory, since it started; control groups included. */
static uint64_t oom_kills(void)
{
    return kernel_figure("/proc/vmstat", "oom_kill", 0);
}

void crew_begin(struct crew *c)
{
    c->oom_kills = oom_kills();
}

void crew_hasten(struct crew *c, uint64_t now_ns)
{
    if (c->server_at)
        c->server_at = now_ns;
    for (uint32_t w = 0; w < STAGE_WORKERS_MAX; w++)
        if (c->berths[w].state == BERTH_WAITING)
            c->berths[w].start_at = now_ns;
}

uint32_t crew_strength(const struct crew *c)
{
    uint32_t n = 0;
    for (uint32_t w = 0; w < STAGE_WORKERS_MAX; w++)
        n += c->berths[w].state == BERTH_WAITING || c->berths[w].state == BERTH_STARTING ||
             c->berths[w].state == BERTH_ALIVE;
    return n;
}

static int start_server(struct crew *c, const struct segment *s, const struct log *log, uint64_t now_ns)
{
    struct server_memory memory = {0};
    if (c->rations && rationing_server(c->rations, c, &memory.limit) != RATION_START)
        return 0;
    if (c->rations)
        memory.allowances = rationing_allowances(c->rations);
    c->server_since = now_ns;
    int error = server_fork(s, c->stage, log, &memory, &c->server, &c->socket);
    if (error) {
        errno = -error;
        return -1;
    }
    c->pidfd = (int)syscall(SYS_pidfd_open, c->server, 0);
    if (c->pidfd < 0)
        return -1;
    c->server_at = 0;
    return 0;
}

/* -EAGAIN: the server has no ear for it now, and nothing is changed. */
static int ask_for_worker(struct crew *c, const struct segment *s, uint32_t worker)
{
    struct berth *b = &c->berths[worker];
    struct server_message m = {.type = SERVER_SPAWN, .worker = worker, .epoch = b->epoch + 1};
    au64_store_relaxed(&segment_slot(s, c->stage, worker)->asked, clock_monotonic());
    if (command(c, &m) != 0)
        return -EAGAIN;
    b->epoch++;
    b->state = BERTH_STARTING;
    b->aborted_at = 0;
    return 0;
}

uint64_t crew_start_due(struct crew *c, const struct segment *s, const struct log *log, uint64_t now_ns)
{
    uint64_t next = UINT64_MAX;
    if (c->server_at && now_ns >= c->server_at && start_server(c, s, log, now_ns) != 0)
        return 0;
    if (c->server_at > now_ns) /* else it waits for its turn to load, which comes with what another says */
        next = c->server_at;
    for (uint32_t w = 0; c->loaded && w < s->stages[c->stage].n_slots; w++) {
        struct berth *b = &c->berths[w];
        if (b->state != BERTH_WAITING)
            continue;
        if (b->start_at > now_ns) {
            next = b->start_at < next ? b->start_at : next;
            continue;
        }
        enum ration_answer ration = c->rations ? rationing_worker(c->rations, c, w) : RATION_START;
        if (ration == RATION_NONE)
            staffing_cancel(c, s, w);
        if (ration != RATION_START)
            continue;
        if (ask_for_worker(c, s, w) == 0)
            continue;
        b->start_at = now_ns + ASK_AGAIN;
        next = b->start_at < next ? b->start_at : next;
    }
    return next;
}

/* When a worker's time is up, or when it may be next if no call goes on now. */
static uint64_t deadline_of(const struct berth *b, uint64_t call_since, uint64_t timeout, uint64_t now_ns)
{
    uint64_t idle = timeout / 8 > SHORTEST_LOOK ? timeout / 8 : SHORTEST_LOOK;
    if (b->aborted_at)
        return b->aborted_at + ABORT_TO_KILL;
    return call_since ? call_since + timeout : now_ns + idle;
}

uint64_t crew_check_deadlines(struct crew *c, const struct segment *s, uint64_t now_ns)
{
    uint64_t next = UINT64_MAX;
    for (uint32_t w = 0; w < s->stages[c->stage].n_slots; w++) {
        struct berth *b = &c->berths[w];
        const struct slot *slot = segment_slot(s, c->stage, w);
        int starting = au32_acquire(&slot->state) == SLOT_STARTING;
        uint64_t timeout = starting ? s->pipeline->start_timeout_ns : s->pipeline->stages[c->stage].timeout_ns;
        if (b->state != BERTH_ALIVE || !timeout)
            continue;
        uint64_t due = deadline_of(b, au64_relaxed(&slot->call_since), timeout, now_ns);
        if (due <= now_ns) {
            crew_signal(c, w, b->aborted_at ? SIGKILL : SIGABRT);
            b->aborted_at = now_ns;
            due = now_ns + ABORT_TO_KILL;
        }
        next = due < next ? due : next;
    }
    return next;
}

void crew_dismiss(struct crew *c)
{
    if (c->socket >= 0)
        close(c->socket);
    if (c->pidfd >= 0)
        close(c->pidfd);
    if (c->listener >= 0)
        close(c->listener);
    c->socket = c->pidfd = c->listener = -1;
    c->server = 0;
    c->loaded = c->confined = 0;
}

void crew_add_wait(struct waits *w, const struct berth *b, const struct slot *slot, uint64_t now_ns)
{
    uint32_t state = au32_acquire(&slot->state);
    uint64_t since = au64_relaxed(&slot->since);
    if (since < b->alive_since) /* it is what its predecessor had left there */
        since = b->alive_since;
    uint64_t ns = b->alive_since && since < now_ns ? now_ns - since : 0;
    if (state == SLOT_WAIT_INPUT)
        w->input_ns += ns;
    else if (state == SLOT_WAIT_OUTPUT || state == SLOT_WAIT_TURN)
        w->output_ns += ns;
    else if (state == SLOT_WAIT_MEMORY)
        w->memory_ns += ns;
}

void crew_left(struct berth *b, const struct slot *slot, uint64_t now_ns)
{
    crew_add_wait(&b->cut, b, slot, now_ns);
    b->pid = 0;
    b->alive_ns += b->alive_since ? now_ns - b->alive_since : 0;
    b->alive_since = 0;
    b->left_at = now_ns;
}

/* True if it has done so since the crew last looked: then a worker that was killed may well have asked for it. */
static int crew_out_of_memory(struct crew *c)
{
    uint64_t n = oom_kills();
    int more = n > c->oom_kills;
    c->oom_kills = n;
    return more;
}

void crew_bury(struct crew *c, const struct segment *s, uint32_t worker, uint64_t now_ns)
{
    struct berth *b = &c->berths[worker];
    const struct dead_worker dead = {s->stages[c->stage].first_slot + worker, b->epoch, SIGKILL, 1};
    if (b->state != BERTH_ALIVE && b->state != BERTH_STARTING)
        return;
    burial_settle(s, c->stage, &dead);
    crew_left(b, s->slots[dead.slot], now_ns);
    b->state = BERTH_EMPTY;
}

/* Tells the successor what to do with the frame that was in hand, if it was one. */
static enum death_cause blame(const struct crew *c, const struct segment *s, const struct log *log,
                              const struct dead_worker *dead, int late)
{
    const struct stage *stage = &s->pipeline->stages[c->stage];
    struct journal *j = &s->slots[dead->slot]->journal;
    uint64_t position = 0;
    uint32_t deaths = 0;
    j->verdict_late = (uint32_t)late;
    if (!settlement_blame(j, dead, &position, &deaths))
        return late                      ? DEATH_BY_DEADLINE
               : dead->from_outside      ? DEATH_FROM_OUTSIDE
               : dead->signal == SIGKILL ? DEATH_BY_KILL
                                         : DEATH_BY_ITSELF;
    if (deaths >= stage->max_attempts) {
        j->verdict_position = position;
        log_about(log, LOG_LEVEL_WARNING, stage->name, LOG_NOBODY,
                  "a frame was in hand at %" PRIu32 " deaths: it is refused", deaths);
    }
    return DEATH_BY_FRAME;
}

int crew_worker_died(struct crew *c, const struct segment *s, const struct log *log, uint32_t worker, int status,
                     uint64_t now_ns)
{
    struct berth *b = &c->berths[worker];
    const char *name = s->pipeline->stages[c->stage].name;
    struct dead_worker dead = {s->stages[c->stage].first_slot + worker, b->epoch,
                               WIFSIGNALED(status) ? WTERMSIG(status) : 0, 0};
    dead.from_outside = dead.signal == SIGKILL && !b->aborted_at && !crew_out_of_memory(c);
    struct slot *slot = s->slots[dead.slot];
    char how[64], memory[ALLOWANCE_TEXT] = "";
    burial_settle(s, c->stage, &dead);
    au64_store_relaxed(&slot->settled, clock_monotonic());
    au64_store_relaxed(&slot->call_since, 0); /* the call that it died in is not its successor's */
    uint64_t transactions = au64_relaxed(&slot->transactions);
    int progress = transactions != b->transactions;
    b->transactions = transactions;
    crew_left(b, slot, now_ns);
    enum death_cause cause = DEATH_TO_YIELD;
    int own_exit = crew_own_exit(slot, status);
    if (own_exit != WORKER_ROLLBACK) {
        cause = blame(c, s, log, &dead, b->aborted_at != 0);
        b->deaths++;
        describe_status(status, how, sizeof how);
        if (c->rations)
            allowance_explain(rationing_refused(c->rations, c->stage, worker), memory, sizeof memory);
        log_about(log, LOG_LEVEL_WARNING, name, (int32_t)worker, "worker %s%s%s", how,
                  cause == DEATH_BY_FRAME      ? " with a frame in hand"
                  : cause == DEATH_BY_DEADLINE ? ", as its plugin did not return in time"
                                               : "",
                  memory);
    }
    if (own_exit != WORKER_FATAL)
        slot->reason[0] = 0;
    struct restart_decision d = restart_decide(&b->history, cause, progress, now_ns);
    b->state = d.give_up ? BERTH_EMPTY : BERTH_WAITING;
    b->start_at = now_ns + d.after_ns;
    b->aborted_at = 0;
    return d.give_up;
}
