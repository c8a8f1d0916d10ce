/* A run: one pipeline from its start to its end, as the supervisor's own files see it. Host process.
 *
 * supervisor.c starts, loops and ends it; hearing.c takes in what stage servers say and that they die; operator.c does
 * what signals and an operator want.
 */
#ifndef RUN_H
#define RUN_H

#include "crashes.h"
#include "crew.h"
#include "debugging.h"
#include "history.h"
#include "recorder.h"
#include "scaling.h"
#include "supervisor.h"

enum { INHERITED_MAX = 64 };

/* What an event of the loop is of. */
enum run_event {
    EVENT_OF_SIGNAL,
    EVENT_OF_SOCKET,
    EVENT_OF_SERVER,
    EVENT_OF_HELD,
    EVENT_OF_HOOKS,
    EVENT_OF_CRASH,
    EVENT_OF_DEBUGGER,
    EVENT_OF_BELL
};

struct supervisor {
    const struct pipeline *pipeline;
    struct log own_log; /* with the board of this run */
    struct outlet outlet;
    struct log_board board;
    const struct log *log;
    const struct supervisor_hooks *hooks;
    struct segment segment;
    struct crew *crews;
    struct scaling *scaling;
    struct history *history; /* NULL: nobody has watched yet */
    struct crashes *crashes;
    struct recorder *recorder;    /* NULL: the run is not traced */
    struct rationing *rations;    /* NULL: there is no workers_memory */
    int epoll, signals, children; /* children: of leftovers_open() */
    pid_t debugger;               /* 0: none runs */
    int debugger_fd;
    pid_t inherited[INHERITED_MAX]; /* children from before the run: not ours to kill */
    uint32_t n_inherited;
    uint64_t started_ns, tick_at, drain_until; /* 0: not */
    int draining;                              /* 1: the sources were told to make no more */
    int stop_signal;                           /* that started the drain, 0: none did */
    int paused;                                /* 1: the sources make nothing for now */
    int over;                                  /* 1: leave the loop */
    enum outcome outcome;
    char *reason;
    size_t reason_size;
};

/* The first call decides how the run ends, and why. */
__attribute__((format(printf, 3, 4))) void run_end(struct supervisor *s, enum outcome outcome, const char *format, ...);

/* Adds a descriptor to the loop; `of` is the number of the stage, or of the hooks' watch. 0, or -1 with errno. */
int run_watch(const struct supervisor *s, int fd, enum run_event event, uint32_t of);

/* Closes a descriptor of the loop, and sets it to -1. It is taken out of the loop by name: a child that was forked a
 * moment ago may still have a copy of it, and as long as anybody has, epoll goes on reporting what is closed here. */
void run_close(const struct supervisor *s, int *fd);

/* Kills all children but the servers that run, an autopsy, a debugger, and what was there before us. */
void run_kill_leftovers(const struct supervisor *s);

static inline const char *run_stage_name(const struct supervisor *s, const struct crew *c)
{
    return s->pipeline->stages[c->stage].name;
}

/* hearing.c: reads all that a crew's server has said. */
void run_listen(struct supervisor *s, struct crew *c, uint64_t now_ns);

/* hearing.c: its pidfd says that a server is gone. */
void run_server_died(struct supervisor *s, struct crew *c, uint64_t now_ns);

#endif
