#include "autopsy.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backtrace.h"
#include "sandbox.h"
#include "symbols.h"

enum { PATIENCE = 10, SECONDS_MAX = 30, ANSWER = 3 };

static void send_all(int fd, const void *data, size_t size)
{
    const char *at = data;
    while (size > 0) {
        ssize_t n = write(fd, at, size);
        if (n <= 0)
            _exit(1); /* nobody listens any more */
        at += n;
        size -= (size_t)n;
    }
}

/* The calls of the host, from its main() to the plugin's function, say nothing to the plugin's author. */
static uint32_t without_host(Dwfl *files, const struct backtrace *b)
{
    Dwfl_Module *host = dwfl_addrmodule(files, (uintptr_t)&without_host);
    uint32_t n = b->n;
    while (n > 0 && dwfl_addrmodule(files, b->at[n - 1]) != host)
        n--;
    if (n == 0)
        return b->n;
    while (n > 0 && dwfl_addrmodule(files, b->at[n - 1]) == host)
        n--;
    return n ? n : b->n;
}

static void examine(const struct crash_area *e, int fd, symbols_demangle *demangle)
{
    struct backtrace b = {0};
    struct report_frame frames[REPORT_FRAMES_MAX];
    Dwfl *files = backtrace_files(e);
    uint32_t sent = 0;
    if (!files)
        return;
    backtrace_walk(files, e, &b);
    uint32_t n = without_host(files, &b);
    for (uint32_t i = 0; i < n && sent < REPORT_FRAMES_MAX; i++) {
        uint32_t found = symbols_find(files, b.at[i], demangle, frames, REPORT_FRAMES_MAX - sent);
        send_all(fd, frames, found * sizeof *frames);
        sent += found;
    }
}

/* Not linked, so that no plugin's process has it unless the plugin does. Both forms of a pointer have one size. */
static symbols_demangle *find_demangler(void)
{
    void *library = dlopen("libstdc++.so.6", RTLD_NOW | RTLD_LOCAL);
    void *symbol = library ? dlsym(library, "__cxa_demangle") : NULL;
    symbols_demangle *demangle = NULL;
    memcpy(&demangle, &symbol, sizeof demangle);
    return demangle;
}

__attribute__((noreturn)) static void become_examiner(const struct crash_area *e, const struct segment *s, int pipe,
                                                      pid_t host)
{
    const struct rlimit cpu = {SECONDS_MAX, SECONDS_MAX}, core = {0, 0};
    struct sandbox sandbox = {.level = SANDBOX_STRICT};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != host)
        _exit(1);
    prctl(PR_SET_NAME, "autopsy");
    dup2(pipe, ANSWER);
    syscall(SYS_close_range, ANSWER + 1, ~0U, 0);
    munmap(s->backing.base, s->backing.size);
    munmap(s->crashes, s->n_slots * CRASH_AREA_SIZE);
    setrlimit(RLIMIT_CPU, &cpu);
    setrlimit(RLIMIT_CORE, &core);
    setpriority(PRIO_PROCESS, 0, PATIENCE);
    unsetenv("DEBUGINFOD_URLS"); /* nobody is asked for debugging information over the network */
    symbols_demangle *demangle = find_demangler();
    sandbox_enter(&sandbox, SANDBOX_UNSEEN);
    examine(e, ANSWER, demangle);
    _exit(0);
}

int autopsy_start(struct autopsy *a, const struct crash_area *evidence, const struct segment *segment)
{
    int ends[2];
    pid_t host = getpid();
    struct report *report = calloc(1, sizeof *report + REPORT_FRAMES_MAX * sizeof *report->frames);
    if (!report)
        return -ENOMEM;
    if (pipe2(ends, O_CLOEXEC) != 0) {
        free(report);
        return -errno;
    }
    pid_t pid = fork();
    if (pid == 0)
        become_examiner(evidence, segment, ends[1], host);
    int error = errno;
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        free(report);
        return -error;
    }
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    *a = (struct autopsy){.pid = pid, .fd = ends[0], .report = report};
    return 0;
}

/* A frame that came whole: its texts end, whatever it is that was sent. */
static void close_texts(struct report_frame *f)
{
    f->function[sizeof f->function - 1] = f->file[sizeof f->file - 1] = f->module[sizeof f->module - 1] = 0;
}

int autopsy_hear(struct autopsy *a)
{
    struct report *r = a->report;
    size_t room = REPORT_FRAMES_MAX * sizeof *r->frames;
    for (;;) {
        char *at = (char *)r->frames;
        ssize_t n = a->used < room ? read(a->fd, at + a->used, room - a->used) : 0;
        if (n < 0)
            return errno != EAGAIN;
        if (n == 0)
            return 1;
        a->used += (size_t)n;
        for (; (r->n + 1) * sizeof *r->frames <= a->used; r->n++)
            close_texts(&r->frames[r->n]);
    }
}

struct report *autopsy_end(struct autopsy *a, enum autopsy_end *end)
{
    struct report *r = a->report;
    int status = 0;
    kill(a->pid, SIGKILL); /* if it has ended, this is not how */
    while (waitpid(a->pid, &status, 0) < 0 && errno == EINTR)
        ;
    *end = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL ? AUTOPSY_KILLED : AUTOPSY_DONE;
    if (a->fd >= 0)
        close(a->fd);
    *a = (struct autopsy){.fd = -1};
    if (r->n == 0) {
        free(r);
        return NULL;
    }
    struct report *tight = realloc(r, sizeof *r + r->n * sizeof *r->frames);
    return tight ? tight : r;
}
