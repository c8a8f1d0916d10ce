#include "server.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "allocation.h"
#include "clock.h"
#include "crash.h"
#include "held.h"
#include "host_table.h"
#include "leftovers.h"
#include "loader.h"
#include "protection.h"
#include "sandbox.h"
#include "status_name.h"
#include "waiting.h"
#include "worker.h"

enum { SERVER_OUTCOME_FAILED = 1, SERVER_OUTCOME_CONFIG = 2 };

struct server {
    const struct segment *segment;
    uint32_t stage;
    int socket, deaths, children; /* signalfd of SIGCHLD; leftovers_open() */
    pid_t host, self;
    struct log log;
    struct outlet outlet; /* fd -1: log lines are waited with */
    const mpipe_processor *processor;
    void *shared;
    struct host_table table;
    struct sandbox sandbox;
    struct allowances allowances;  /* each NULL: no limit */
    pid_t pids[STAGE_WORKERS_MAX]; /* 0: none */
    uint32_t epochs[STAGE_WORKERS_MAX];
};

/* The host is gone: so are the workers, and what plugins forked, from here. */
__attribute__((noreturn)) static void follow_host(const struct server *s)
{
    if (s->children >= 0)
        leftovers_kill(s->children, NULL, 0);
    _exit(WORKER_ORPHAN);
}

static void tell(const struct server *s, const struct server_message *m)
{
    if (server_say(s->socket, m, -1) != 0)
        follow_host(s);
}

static void refuse(const struct server *s, int outcome, const char *why)
{
    struct server_message m = {.type = SERVER_REFUSED, .status = outcome};
    char memory[ALLOWANCE_TEXT];
    allowance_explain(allocation_refused(), memory, sizeof memory);
    snprintf(m.text, sizeof m.text, "%s%s", why, memory);
    tell(s, &m);
    _exit(WORKER_DONE);
}

static void empty_handler(int signal)
{
    (void)signal;
}

/* Whether a plugin's load() has its own way with a crash, as an interpreter may. */
static int has_crash_handler(int signal)
{
    struct sigaction now;
    const int *at = crash_signals;
    while (*at && *at != signal)
        at++;
    return *at && sigaction(signal, NULL, &now) == 0 &&
           (now.sa_flags & SA_SIGINFO || (now.sa_handler != SIG_DFL && now.sa_handler != SIG_IGN));
}

enum crash_handlers { CRASH_HANDLERS_GO, CRASH_HANDLERS_STAY };

/* Signals as a program expects them, but for a closed pipe and a file that is too large, which are errors of write(),
 * and for those by which a terminal or a service manager asks the whole group to stop: the host drains the workers
 * then. SIGUSR2 interrupts waits (mpipe.wait/1), and is blocked elsewhere. */
static void reset_signals(enum crash_handlers handlers)
{
    sigset_t none;
    struct sigaction sa = {.sa_handler = SIG_DFL};
    for (int i = 1; i < NSIG; i++)
        if (handlers == CRASH_HANDLERS_GO || !has_crash_handler(i))
            sigaction(i, &sa, NULL);
    static const int ignored[] = {SIGPIPE, SIGXFSZ, SIGINT, SIGTERM, SIGHUP};
    sa.sa_handler = SIG_IGN;
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
        sigaction(ignored[i], &sa, NULL);
    sa.sa_handler = empty_handler;
    sigaction(SIGUSR2, &sa, NULL);
    sigemptyset(&none);
    sigaddset(&none, SIGUSR2);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* In a fresh fork: dies with its parent, also if that died before the prctl. */
static void bind_to_parent(pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(WORKER_ORPHAN);
}

static uint32_t count_threads(void)
{
    DIR *d = opendir("/proc/self/task");
    uint32_t n = 0;
    for (struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d))
        n += e->d_name[0] != '.';
    if (d)
        closedir(d);
    return n;
}

static void check_needs(const struct server *s)
{
    char why[256];
    for (const char *const *need = s->processor->needs; need && *need; need++) {
        if (host_table_has(*need))
            continue;
        snprintf(why, sizeof why, "it needs the extension '%.100s', which this host does not have: upgrade micropipe",
                 *need);
        refuse(s, SERVER_OUTCOME_CONFIG, why);
    }
}

/* From here on all that this process runs is confined, the plugin's constructors first. The host gets the listener;
 * this process keeps none, or it could answer itself. */
static void confine(struct server *s)
{
    const struct pipeline *p = s->segment->pipeline;
    const struct stage *stage = &p->stages[s->stage];
    struct server_message m = {.type = SERVER_CONFINED};
    s->sandbox = (struct sandbox){.level = stage->sandbox};
    if (stage->on_error == ON_ERROR_DEAD_LETTER)
        s->sandbox.writable = p->dead_letters;
    sandbox_enter(&s->sandbox, SANDBOX_LISTEN);
    sandbox_describe(&s->sandbox, m.text, sizeof m.text);
    if (server_say(s->socket, &m, s->sandbox.listener) != 0)
        _exit(WORKER_ORPHAN);
    if (s->sandbox.listener >= 0)
        close(s->sandbox.listener);
    protection_for_load(s->segment);
}

static void load(struct server *s)
{
    const struct stage *stage = &s->segment->pipeline->stages[s->stage];
    const mpipe_plugin *plugin;
    char why[SERVER_TEXT_MAX] = "";
    /* It was loaded a moment ago, for the check: so it is the machine that has changed, and not the configuration. */
    if (loader_open(stage->description->file, &plugin, why, sizeof why) != 0)
        refuse(s, SERVER_OUTCOME_FAILED, why);
    s->processor = loader_processor(plugin, stage->description->name);
    if (!s->processor)
        refuse(s, SERVER_OUTCOME_CONFIG, "the pack has changed: the processor is not in it any more");
    if (s->processor->state_size != stage->description->state_size)
        refuse(s, SERVER_OUTCOME_CONFIG, "the pack has changed since it was checked: start again");
    check_needs(s);
    host_table_init(&s->table, stage, &s->log, NULL, NULL);
    s->table.host.max_frame = segment_max_frame(s->segment, s->stage);
    mpipe_status status = s->processor->load ? s->processor->load(&s->table.host, &s->shared) : MPIPE_OK;
    if (status != MPIPE_OK) {
        snprintf(why, sizeof why, "load() returned %s; its own words are in the log above", status_name(status).text);
        refuse(s, status == MPIPE_BAD_CONFIG ? SERVER_OUTCOME_CONFIG : SERVER_OUTCOME_FAILED, why);
    }
    uint32_t threads = count_threads();
    if (threads > 1) {
        snprintf(why, sizeof why, "load() left %u threads running: a fork would lose them. Start them in open()",
                 threads - 1);
        refuse(s, SERVER_OUTCOME_CONFIG, why);
    }
}

/* As ps and top show it: the stage's name, and the worker's number behind a slash. */
static void name_process(const struct server *s, int32_t worker)
{
    char name[32]; /* the kernel keeps 15 bytes */
    const char *stage = s->segment->pipeline->stages[s->stage].name;
    if (worker < 0)
        snprintf(name, sizeof name, "%.15s", stage);
    else
        snprintf(name, sizeof name, "%.11s/%" PRId32, stage, worker);
    prctl(PR_SET_NAME, name);
}

static void make_room(void *slot)
{
    slot_leave(slot, WORKER_ROLLBACK);
}

/* The host knows our pid by now, and answers when it has set the limit. */
static void take_allowance(const struct server *s, uint32_t worker)
{
    uint32_t place = s->segment->stages[s->stage].first_slot + worker;
    if (!s->allowances.each)
        return;
    allowance_ask(&s->allowances.each[place], s->allowances.bell, 1);
    allocation_watch(&s->allowances.each[place], s->allowances.bell, make_room, s->segment->slots[place]);
}

__attribute__((noreturn)) static void become_worker(const struct server *s, const struct server_message *m)
{
    struct sched_param param = {0};
    bind_to_parent(s->self);
    /* The server says so as well, but maybe not before the plugin does what it is kept from, and the host then has to
     * know whose process that is. */
    struct server_message alive = {.type = SERVER_SPAWNED, .worker = m->worker, .epoch = m->epoch, .pid = getpid()};
    if (server_say(s->socket, &alive, -1) != 0)
        _exit(WORKER_ORPHAN);
    close(s->socket);
    close(s->deaths);
    close(s->children);
    take_allowance(s, m->worker);
    reset_signals(CRASH_HANDLERS_STAY);
    name_process(s, (int32_t)m->worker);
    sandbox_narrow(&s->sandbox);
    protection_for_work(s->segment, s->stage, m->worker);
    sched_setscheduler(0, SCHED_BATCH, &param); /* longer slices: a hand-over in batches, not a switch a frame */
    held_wait(segment_slot(s->segment, s->stage, m->worker));
    slot_watch_delays(segment_slot(s->segment, s->stage, m->worker));
    struct crash_area *crash = segment_crash(s->segment, s->segment->stages[s->stage].first_slot + m->worker);
    struct worker_start start = {s->segment, s->processor, s->shared, s->stage, m->worker, m->epoch, &s->log, crash};
    int result = worker_run(&start);
    fflush(stdout); /* what a plugin printed */
    _exit(result);
}

static void spawn(struct server *s, const struct server_message *m)
{
    if (m->worker >= s->segment->stages[s->stage].n_slots || s->pids[m->worker] != 0)
        return;
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        become_worker(s, m);
    struct server_message answer = {.type = SERVER_SPAWNED, .worker = m->worker, .epoch = m->epoch, .pid = pid};
    if (pid < 0) {
        answer.type = SERVER_EXITED;
        answer.status = WORKER_FATAL << 8;
        snprintf(answer.text, sizeof answer.text, "cannot fork a worker: %s", strerror(errno));
    } else {
        s->pids[m->worker] = pid;
        s->epochs[m->worker] = m->epoch;
    }
    tell(s, &answer);
}

static void reap(struct server *s)
{
    siginfo_t info;
    for (;;) {
        info.si_pid = 0;
        if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG) != 0 || info.si_pid == 0)
            return;
        for (uint32_t w = 0; w < STAGE_WORKERS_MAX; w++) {
            if (s->pids[w] != info.si_pid)
                continue;
            s->pids[w] = 0;
            leftovers_kill(s->children, s->pids, STAGE_WORKERS_MAX);
            struct server_message m = {.type = SERVER_EXITED, .worker = w, .epoch = s->epochs[w], .pid = info.si_pid};
            m.at_ns = clock_monotonic();
            m.status = info.si_code == CLD_EXITED ? (info.si_status & 0xff) << 8 : info.si_status;
            tell(s, &m);
        }
    }
}

static void obey(struct server *s)
{
    struct server_message m;
    ssize_t n = recv(s->socket, &m, sizeof m, MSG_DONTWAIT);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        follow_host(s);
    if (n != (ssize_t)sizeof m || m.worker >= STAGE_WORKERS_MAX)
        return;
    if (m.type == SERVER_SPAWN)
        spawn(s, &m);
    else if (m.type == SERVER_SIGNAL && s->pids[m.worker] > 0 && s->epochs[m.worker] == m.epoch)
        kill(s->pids[m.worker], m.status);
}

/* The kernel kills this process when the host dies, and its workers when it dies; but not what a plugin forked, where
 * it may. There this process has to outlive the host for a moment, as the one that all of them come to: the end of its
 * socket tells it, and SIGCONT, if it was stopped. */
static void outlive_host(const struct server *s)
{
    if (s->sandbox.level != SANDBOX_NONE)
        return;
    prctl(PR_SET_PDEATHSIG, SIGCONT);
    if (getppid() != s->host)
        follow_host(s);
}

__attribute__((noreturn)) static void serve(struct server *s)
{
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    /* The plugin's constructors and load() may have changed mask and handlers. */
    reset_signals(CRASH_HANDLERS_STAY);
    sigprocmask(SIG_BLOCK, &child, NULL);
    s->deaths = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    s->children = leftovers_open();
    if (s->deaths < 0 || s->children < 0)
        refuse(s, SERVER_OUTCOME_FAILED, "no file descriptor is left for the stage server: see micropipe doctor");
    outlive_host(s);
    struct server_message loaded = {.type = SERVER_LOADED};
    tell(s, &loaded);
    struct pollfd fds[2] = {{.fd = s->socket, .events = POLLIN}, {.fd = s->deaths, .events = POLLIN}};
    for (;;) {
        struct signalfd_siginfo seen;
        if (poll(fds, 2, -1) < 0)
            continue;
        if (fds[1].revents && read(s->deaths, &seen, sizeof seen) >= 0)
            reap(s);
        if (fds[0].revents)
            obey(s);
    }
}

static int move_up(int fd)
{
    int moved = fcntl(fd, F_DUPFD_CLOEXEC, 1000);
    return moved < 0 ? fd : moved;
}

static int by_number(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

/* Closes all descriptors above the standard three but these; -1 is none. */
static void close_all_but(int *kept, size_t n)
{
    int next = STDERR_FILENO + 1;
    qsort(kept, n, sizeof *kept, by_number);
    for (size_t i = 0; i < n; i++) {
        if (kept[i] > next)
            syscall(SYS_close_range, next, kept[i] - 1, 0);
        if (kept[i] >= next)
            next = kept[i] + 1;
    }
    syscall(SYS_close_range, next, ~0U, 0);
}

/* Keeps our end of the socket, the bell, and where the log goes, of all that is the host's. */
static void keep_ours(struct server *s, int socket, const struct server_memory *memory, const struct outlet *outlet)
{
    s->socket = move_up(socket);
    if (outlet)
        outlet_share(&s->outlet, outlet, outlet->is_own ? move_up(outlet->fd) : outlet->fd);
    s->allowances.bell = -1;
    if (memory->allowances) {
        s->allowances = *memory->allowances;
        s->allowances.bell = move_up(memory->allowances->bell);
        allocation_watch(&s->allowances.each[s->segment->n_slots + s->stage], -1, NULL, NULL);
        allowance_limit(memory->limit);
    }
    int kept[] = {s->socket, s->allowances.bell, s->outlet.fd};
    close_all_but(kept, sizeof kept / sizeof kept[0]);
}

__attribute__((noreturn)) static void become_server(const struct segment *segment, uint32_t stage,
                                                    const struct log *log, const struct server_memory *memory,
                                                    int socket, pid_t host)
{
    bind_to_parent(host);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    reset_signals(CRASH_HANDLERS_GO);
    struct server server = {.segment = segment, .children = -1, .outlet = {.fd = -1}};
    struct server *s = &server; /* it never returns */
    s->stage = stage;
    keep_ours(s, socket, memory, log->outlet);
    s->host = host;
    s->self = getpid();
    log_of_stage(&s->log, log, segment->pipeline->stages[stage].name, LOG_NOBODY, segment_log_page_of_server(stage));
    if (s->outlet.fd >= 0)
        log_go_through(&s->log, &s->outlet);
    name_process(s, -1);
    confine(s);
    load(s);
    serve(s);
}

int server_fork(const struct segment *s, uint32_t stage, const struct log *log, const struct server_memory *memory,
                pid_t *pid, int *socket)
{
    int ends[2];
    pid_t host = getpid();
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return -errno;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0)
        become_server(s, stage, log, memory, ends[1], host);
    int error = child < 0 ? -errno : 0;
    close(ends[1]);
    if (error) {
        close(ends[0]);
        return error; /* *pid stays: kill() takes -1 for every process of the machine */
    }
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    *pid = child;
    *socket = ends[0];
    return 0;
}
