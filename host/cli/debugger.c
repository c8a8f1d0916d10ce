#include "debugger.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "arguments.h"

enum { NOT_STARTED = 127 };

/* Of a program in $PATH, to free(); NULL: there is none. */
static char *path_of(const char *program)
{
    const char *folders = getenv("PATH");
    for (const char *at = folders ? folders : "/usr/local/bin:/usr/bin:/bin"; *at;) {
        size_t length = strcspn(at, ":");
        char *path = NULL;
        if (length && asprintf(&path, "%.*s/%s", (int)length, at, program) >= 0 && access(path, X_OK) == 0)
            return path;
        if (length)
            free(path);
        at += length + (at[length] == ':');
    }
    return NULL;
}

__attribute__((noreturn)) static void become_gdb(const char *gdb, const char *worker, pid_t host)
{
    sigset_t none;
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != host)
        _exit(NOT_STARTED);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    syscall(SYS_close_range, 3, ~0U, 0);
    /* Quietly past the host's libraries; SIGUSR2 is how the host interrupts the waits of a source. */
    execl(gdb, "gdb", "-q", "-iex", "set pagination off", "-iex", "set print symbol-loading off", "-ex",
          "set pagination on", "-ex", "set print symbol-loading full", "-ex", "handle SIGUSR2 nostop noprint pass",
          "-p", worker, (char *)NULL);
    _exit(NOT_STARTED);
}

static pid_t start_gdb(void *context, pid_t worker)
{
    const struct debugger *d = context;
    char number[16];
    pid_t host = getpid();
    snprintf(number, sizeof number, "%d", (int)worker);
    pid_t pid = fork();
    if (pid == 0)
        become_gdb(d->gdb, number, host);
    return pid < 0 ? -errno : pid;
}

static int no_such_stage(const struct pipeline *p, const char *stage, FILE *err)
{
    const char *nearest = pipeline_nearest_stage(p, stage);
    fprintf(err, "micropipe run: --debug: there is no stage '%s'", stage);
    if (nearest)
        fprintf(err, " (did you mean '%s'?)", nearest);
    fprintf(err, "; nothing was started\n");
    return EXIT_USAGE;
}

int debugger_prepare(struct debugger *d, struct pipeline *p, const char *stage, FILE *err)
{
    *d = (struct debugger){.hook = {.start = start_gdb, .context = d}};
    int index = pipeline_stage(p, stage);
    if (index < 0)
        return no_such_stage(p, stage, err);
    d->gdb = path_of("gdb");
    if (!d->gdb) {
        fprintf(err, "micropipe run: --debug needs gdb, and there is none in $PATH (Debian: apt-get install gdb); "
                     "nothing was started\n");
        return EXIT_SYSTEM;
    }
    d->hook.stage = (uint32_t)index;
    struct stage *s = &p->stages[index];
    s->workers_min = s->workers_max = 1;
    s->workers_auto = 0;
    s->sandbox = SANDBOX_NONE;
    s->timeout_ns = 0;
    p->start_timeout_ns = 0;
    p->drain_timeout_ns = UINT64_MAX / 4; /* more than there is: whoever debugs takes their time */
    return EXIT_OK;
}

void debugger_announce(const struct debugger *d, const struct pipeline *p, const struct log *log)
{
    log_write(log, LOG_LEVEL_WARNING,
              "%s: is debugged: one worker, sandbox none, no timeout; the whole run has no start_timeout and no "
              "drain_timeout, and Ctrl-C is for gdb",
              p->stages[d->hook.stage].name);
}

void debugger_clear(struct debugger *d)
{
    free(d->gdb);
    d->gdb = NULL;
}
