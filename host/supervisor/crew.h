/* A crew: the stage server of one stage and its workers, as the host sees them. All in the host's own memory.
 */
#ifndef CREW_H
#define CREW_H

#include <sys/types.h>

#include "log.h"
#include "restart.h"
#include "segment.h"
#include "server_protocol.h"

/* What becomes of a slot. */
enum berth_state {
    BERTH_EMPTY,    /* never used, or retired */
    BERTH_WAITING,  /* to be started at `start_at` */
    BERTH_STARTING, /* asked for, the server has not answered */
    BERTH_ALIVE,
    BERTH_ENDED /* the stream has ended here */
};

struct waits {
    uint64_t input_ns, output_ns, memory_ns; /* for a turn: output */
};

struct berth {
    enum berth_state state;
    pid_t pid;
    uint32_t epoch;        /* of the worker that has, or last had, the slot; the next gets one more */
    uint64_t start_at;     /* monotonic ns */
    uint64_t transactions; /* of the slot at the last death */
    uint64_t aborted_at;   /* SIGABRT was sent, as its frame took too long: then SIGKILL; 0: not */
    uint32_t deaths;
    uint64_t alive_since; /* 0: not alive */
    uint64_t alive_ns;    /* of all workers before it in this slot */
    uint64_t left_at;     /* when the last of them was gone */
    struct waits cut;     /* of them: waits that their deaths cut short, which are in no slot's sums */
    struct restart_history history;
};

struct rationing;

struct crew {
    uint32_t stage;
    struct rationing *rations; /* what its processes may take of memory; NULL: nobody counts */
    pid_t server;              /* 0: none runs */
    int socket, pidfd;         /* -1: none */
    int listener;              /* of its filter: calls that its plugin is kept from are held there; -1: none */
    int confined;              /* 1: it has said how it is confined: its plugin may run by now */
    int loaded;                /* 1: it can fork workers */
    uint32_t wanted;           /* workers that it should have (staffing.h) */
    uint32_t refusals;         /* calls that its plugin was kept from, as often as told */
    int ended;                 /* 1: every slot that was used has ended */
    int closed;                /* 1: nothing more comes into its ring */
    uint64_t server_at;        /* when to start a server again, 0: not waiting */
    uint64_t server_since;     /* when the server was forked */
    struct restart_history server_history;
    uint64_t oom_kills; /* of the kernel, when last looked */
    struct berth berths[STAGE_WORKERS_MAX];
};

/* How a worker ended, for the log: "died of SIGSEGV", "exited with 3". */
void describe_status(int status, char *text, size_t size);

/* The worker_exit that a worker left with on its own account; -1: it was killed, or a plugin called exit(). */
int crew_own_exit(const struct slot *slot, int status);

/* Starts what is due: a server, workers. Returns the next time that something is due, UINT64_MAX if nothing is; or 0,
 * with errno set, if a server cannot be forked. */
uint64_t crew_start_due(struct crew *c, const struct segment *s, const struct log *log, uint64_t now_ns);

/* Of each worker whose frame takes too long: SIGABRT, so that the plugin's author gets a core, then SIGKILL. Returns
 * when to look again; UINT64_MAX: the stage has no time limit, or nobody works. */
uint64_t crew_check_deadlines(struct crew *c, const struct segment *s, uint64_t now_ns);

/* Lets go of a server that is gone, and of what was for talking to it. */
void crew_dismiss(struct crew *c);

/* Sends a signal to a worker, by way of its server, which alone knows that the pid is still the worker's. */
void crew_signal(const struct crew *c, uint32_t worker, int signal);

/* Keeps the books of a worker that is gone. */
void crew_left(struct berth *b, const struct slot *slot, uint64_t now_ns);

/* Adds the wait that goes on in the slot, if its worker waits. */
void crew_add_wait(struct waits *w, const struct berth *b, const struct slot *slot, uint64_t now_ns);

/* At the end of a run: settles what a worker that was killed with it left behind, so that the figures are exact. */
void crew_bury(struct crew *c, const struct segment *s, uint32_t worker, uint64_t now_ns);

/* What the host does for a worker that waitid() has returned, whoever called it: settles its ring ends and memory,
 * finds who is to blame, decides when its successor starts. Returns 1 if the stage is to be given up. */
int crew_worker_died(struct crew *c, const struct segment *s, const struct log *log, uint32_t worker, int status,
                     uint64_t now_ns);

/* From now on what the kernel kills for want of memory counts. */
void crew_begin(struct crew *c);

/* Starts at once what waits for its time to be started again: there is no more time to wait. */
void crew_hasten(struct crew *c, uint64_t now_ns);

/* Workers that are, or will be, there. */
uint32_t crew_strength(const struct crew *c);

#endif
