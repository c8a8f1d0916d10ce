/* What stage servers say, and that they die. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "allocation.h"
#include "leftovers.h"
#include "probes.h"
#include "rationing.h"
#include "run.h"
#include "staffing.h"

static void worker_died(struct supervisor *s, struct crew *c, uint32_t worker, int status, uint64_t now)
{
    const struct slot *slot = segment_slot(&s->segment, c->stage, worker);
    int own_exit = crew_own_exit(slot, status);
    int late = c->berths[worker].aborted_at != 0;
    char reason[REASON_MAX];
    char how[64], memory[ALLOWANCE_TEXT] = "";
    memcpy(reason, slot->reason, sizeof reason);
    reason[sizeof reason - 1] = 0;
    if (s->rations && own_exit != WORKER_ROLLBACK)
        allowance_explain(rationing_refused(s->rations, c->stage, worker), memory, sizeof memory);
    describe_status(status, how, sizeof how);
    PROBE_DEATH(run_stage_name(s, c), worker, c->berths[worker].pid, status);
    recorder_gone(s->recorder, c->stage, worker, how, now);
    if (own_exit == WORKER_CONFIG)
        run_end(s, OUTCOME_CONFIG, "stage '%s' cannot work as it is configured%s%s%s", run_stage_name(s, c),
                reason[0] ? ": " : "; its own words are in the log above", reason, memory);
    else if (own_exit == WORKER_STOP)
        run_end(s, OUTCOME_FAILED, "stage '%s' refused a frame, and its on_error is \"stop\": %s", run_stage_name(s, c),
                reason);
    int give_up = crew_worker_died(c, &s->segment, s->log, worker, status, now);
    if (WIFSIGNALED(status))
        crashes_note(s, c, worker, WTERMSIG(status));
    if (give_up)
        run_end(s, OUTCOME_FAILED,
                "stage '%s' is given up: its workers died %d times %swithout progress; the last %s%s%s%s%s",
                run_stage_name(s, c), RESTART_DEATHS_MAX, late ? "" : "within 30 s ", how,
                late ? ", as its plugin did not return in time" : "", reason[0] ? ": " : "", reason, memory);
}

static void worker_exited(struct supervisor *s, struct crew *c, const struct server_message *m, uint64_t now)
{
    struct berth *b = &c->berths[m->worker];
    uint32_t state = au32_acquire(&segment_slot(&s->segment, c->stage, m->worker)->state);
    int done = crew_own_exit(segment_slot(&s->segment, c->stage, m->worker), m->status) == WORKER_DONE;
    au64_store_relaxed(&segment_slot(&s->segment, c->stage, m->worker)->died, m->at_ns);
    log_settle(s->log, segment_log_page(&s->segment, c->stage, m->worker));
    if (m->text[0])
        log_about(s->log, LOG_LEVEL_ERROR, run_stage_name(s, c), (int32_t)m->worker, "%.*s", SERVER_TEXT_MAX - 1,
                  m->text);
    if (done && (state == SLOT_ENDED || state == SLOT_RETIRED)) {
        crew_left(b, segment_slot(&s->segment, c->stage, m->worker), now);
        b->state = BERTH_ENDED;
        recorder_gone(s->recorder, c->stage, m->worker, NULL, now);
        if (state == SLOT_RETIRED && staffing_left(c, &s->segment, m->worker, now))
            log_about(s->log, LOG_LEVEL_WARNING, run_stage_name(s, c), (int32_t)m->worker,
                      "keeps frames although it was flushed, so it stays");
        return;
    }
    worker_died(s, c, m->worker, m->status, now);
}

/* `fd` becomes the crew's. Only the first counts: what comes after it may be the plugin's. */
static void confined(struct supervisor *s, struct crew *c, const struct server_message *m, int fd)
{
    log_about(s->log, LOG_LEVEL_INFO, run_stage_name(s, c), LOG_NOBODY, "sandbox %s", m->text);
    c->listener = fd >= 0 ? fd : -1;
    if (fd == SERVER_FD_LOST)
        run_end(s, OUTCOME_FAILED, "cannot take the filter of stage '%s': %s; see micropipe doctor",
                run_stage_name(s, c), strerror(EMFILE));
    if (fd >= 0 && run_watch(s, fd, EVENT_OF_HELD, c->stage) != 0)
        run_end(s, OUTCOME_FAILED, "cannot watch a stage's filter: %s", strerror(errno));
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
        if (s->rations)
            rationing_loaded(s->rations, c);
    } else if (m->type == SERVER_REFUSED) {
        run_end(s, m->status == OUTCOME_CONFIG ? OUTCOME_CONFIG : OUTCOME_FAILED, "stage '%s': %s: %s",
                run_stage_name(s, c), s->pipeline->stages[c->stage].processor, m->text);
    } else if (m->type == SERVER_SPAWNED && current && b->state == BERTH_STARTING) {
        b->state = BERTH_ALIVE;
        b->pid = m->pid;
        b->alive_since = now;
        debugging_spawned(s, c, m->worker);
        recorder_forked(s->recorder, c->stage, m->worker, now);
    } else if (m->type == SERVER_EXITED && current && (b->state == BERTH_ALIVE || b->state == BERTH_STARTING)) {
        worker_exited(s, c, m, now);
    }
}

void run_listen(struct supervisor *s, struct crew *c, uint64_t now)
{
    struct server_message m;
    int fd;
    while (c->socket >= 0 && server_hear(c->socket, &m, &fd))
        server_says(s, c, &m, fd, now);
}

/* Its workers die with it, and come to us as orphans: when none of them is left, each is settled as any dead worker. */
void run_server_died(struct supervisor *s, struct crew *c, uint64_t now)
{
    siginfo_t info = {0};
    char how[64], memory[ALLOWANCE_TEXT] = "";
    run_listen(s, c, now);
    if (waitid(P_PID, (id_t)c->server, &info, WEXITED | WNOHANG) != 0 || info.si_pid != c->server)
        return;
    run_close(s, &c->socket);
    run_close(s, &c->pidfd);
    run_close(s, &c->listener);
    crew_dismiss(c);
    run_kill_leftovers(s);
    if (c->ended || s->over)
        return;
    int status = info.si_code == CLD_EXITED ? (info.si_status & 0xff) << 8 : info.si_status;
    describe_status(status, how, sizeof how);
    log_settle(s->log, segment_log_page_of_server(c->stage));
    if (s->rations)
        allowance_explain(rationing_refused_server(s->rations, c->stage), memory, sizeof memory);
    log_about(s->log, LOG_LEVEL_WARNING, run_stage_name(s, c), LOG_NOBODY, "stage server %s%s", how, memory);
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
        run_end(s, OUTCOME_FAILED, "stage '%s' is given up: its server died %d times within 30 s; the last %s%s",
                run_stage_name(s, c), RESTART_DEATHS_MAX, how, memory);
}
