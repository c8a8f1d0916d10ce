#include "warden.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "cleanup.h"
#include "kernel_figure.h"
#include "referee.h"

enum { REFUSALS_TOLD = 20 }; /* a plugin that tries for ever does not fill the log */

/* The process of a thread; 0: it is gone. */
static pid_t process_of(pid_t thread)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/status", (int)thread);
    return (pid_t)kernel_figure(path, "Tgid", 0);
}

/* The worker, or LOG_NOBODY and in words who: the stage's server, or something that is not known. */
static int32_t name_caller(const struct crew *c, pid_t process, char *text, size_t size)
{
    text[0] = 0;
    for (uint32_t w = 0; w < STAGE_WORKERS_MAX; w++)
        if (process > 0 && c->berths[w].pid == process)
            return (int32_t)w;
    snprintf(text, size, "process %d%s: ", (int)process,
             process != c->server ? ""
             : c->loaded          ? ", its stage server"
                                  : ", while the plugin was loaded");
    return LOG_NOBODY;
}

static void tell(struct crew *c, const struct stage *stage, const struct log *log, const struct held_call *call)
{
    char who[128];
    if (c->refusals++ >= REFUSALS_TOLD)
        return;
    AUTO_FREE char *name = referee_name(call);
    int32_t worker = name_caller(c, process_of(call->caller), who, sizeof who);
    log_about(log, LOG_LEVEL_WARNING, stage->name, worker,
              "%s%s(%" PRId64 ", %" PRId64 ") was refused: sandbox = \"%s\" keeps the plugin from it. If it needs "
              "this, and you trust it: stages.%s.sandbox = \"%s\"%s",
              who, name ? name : "a system call", (int64_t)call->arguments[0], (int64_t)call->arguments[1],
              sandbox_level_name(stage->sandbox), stage->name, sandbox_level_name(stage->sandbox + 1),
              c->refusals == REFUSALS_TOLD ? ". More of them are not told" : "");
}

enum warden_result warden_judge(struct crew *c, const struct segment *s, const struct log *log)
{
    struct held_call call;
    struct pollfd held = {.fd = c->listener, .events = POLLIN};
    if (c->listener < 0 || poll(&held, 1, 0) != 1)
        return WARDEN_GOES_ON;
    if (!(held.revents & POLLIN))
        return WARDEN_NOBODY_LEFT;
    if (referee_hear(c->listener, &call) != 0)
        return WARDEN_GOES_ON;
    /* The server runs no plugin code once that is loaded, and a worker is another process. */
    int servers = c->loaded && call.caller == c->server && referee_is_servers(&call);
    if (servers || referee_is_own(&call)) {
        referee_answer(c->listener, &call, REFEREE_LET);
        return WARDEN_GOES_ON;
    }
    referee_answer(c->listener, &call, REFEREE_REFUSE);
    tell(c, &s->pipeline->stages[c->stage], log, &call);
    return WARDEN_GOES_ON;
}
