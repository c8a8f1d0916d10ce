#include "scan.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "clock.h"
#include "scan_child.h"
#include "utf8.h"
#include "wire.h"

enum {
    ANSWER_MAX = 4 << 20, /* bytes of records; more is no description */
    TAIL_MAX = 240        /* bytes of what the child printed last that are kept, to be quoted */
};

/* The last of what the child printed. */
struct printed {
    char tail[TAIL_MAX + 1];
    size_t n;
};

/* One scan that is going on. */
struct scanning {
    const char *file;
    uint64_t limit_ns, deadline;
    pid_t pid;
    int pidfd, answer, output; /* the read ends; -1: closed */
    uint8_t *records;
    size_t n_records, records_size;
    struct printed *printed;
    enum { SCAN_RUNNING, SCAN_LATE, SCAN_FLOODED, SCAN_NO_MEMORY } end;
    siginfo_t death;
};

static void say(struct scan *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(struct scan *out, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (vasprintf(&out->problem, format, args) < 0)
        out->problem = NULL;
    va_end(args);
}

/* Keeps the last TAIL_MAX bytes that were printed, and forgets the rest. */
static void keep_tail(struct scanning *s, const char *bytes, size_t n)
{
    struct printed *p = s->printed;
    if (n > TAIL_MAX) {
        bytes += n - TAIL_MAX;
        n = TAIL_MAX;
    }
    size_t kept = p->n + n > TAIL_MAX ? TAIL_MAX - n : p->n;
    memmove(p->tail, p->tail + p->n - kept, kept);
    memcpy(p->tail + kept, bytes, n);
    p->n = kept + n;
}

static void keep_records(struct scanning *s, const char *bytes, size_t n)
{
    if (s->n_records + n > ANSWER_MAX) {
        s->end = SCAN_FLOODED;
        return;
    }
    if (s->n_records + n > s->records_size) {
        size_t size = 2 * s->records_size + n;
        uint8_t *larger = realloc(s->records, size);
        if (!larger) {
            s->end = SCAN_NO_MEMORY;
            return;
        }
        s->records = larger;
        s->records_size = size;
    }
    memcpy(s->records + s->n_records, bytes, n);
    s->n_records += n;
}

/* One read of one of the two pipes. Returns 1 if there may be more. */
static int take(struct scanning *s, int *fd, void (*keep)(struct scanning *, const char *, size_t))
{
    char bytes[16384];
    if (*fd < 0)
        return 0;
    ssize_t n = read(*fd, bytes, sizeof bytes);
    if (n > 0) {
        keep(s, bytes, (size_t)n);
        return s->end == SCAN_RUNNING;
    }
    if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
        close(*fd);
        *fd = -1;
    }
    return 0;
}

/* Until the child is dead (1), or the scan has failed in another way (0: see s->end). */
static int wait_for_end(struct scanning *s)
{
    while (s->end == SCAN_RUNNING) {
        uint64_t now = clock_monotonic();
        struct pollfd fds[] = {{s->pidfd, POLLIN, 0}, {s->answer, POLLIN, 0}, {s->output, POLLIN, 0}};
        if (now >= s->deadline) {
            s->end = SCAN_LATE;
            return 0;
        }
        int ready = poll(fds, 3, (int)((s->deadline - now) / NS_PER_MS) + 1);
        if (ready < 0 && errno != EINTR)
            return 0;
        if (ready <= 0)
            continue;
        if (fds[1].revents)
            take(s, &s->answer, keep_records);
        if (fds[2].revents)
            take(s, &s->output, keep_tail);
        if (fds[0].revents)
            return 1;
    }
    return 0;
}

/* Leaves no process of it. The group is killed while its leader is not yet reaped, so its number is still the child's.
 */
static void reap(struct scanning *s)
{
    kill(s->pid, SIGKILL);
    kill(-s->pid, SIGKILL);
    while (waitid(P_PID, (id_t)s->pid, &s->death, WEXITED) < 0 && errno == EINTR)
        continue;
}

/* What was still in the pipes; a grandchild may hold them open, so not until their end. */
static void drain(struct scanning *s)
{
    while (take(s, &s->answer, keep_records))
        continue;
    for (int reads = 0; reads < 64 && take(s, &s->output, keep_tail); reads++)
        continue;
}

/* The type of the last whole record, 0 if there is none or what came is no list of records; its bytes in *record. */
static uint32_t last_record(const struct scanning *s, const uint8_t **record, size_t *size)
{
    struct scan_header header;
    uint32_t type = 0;
    for (size_t at = 0; at < s->n_records; at += *size) {
        if (s->n_records - at < sizeof header)
            return 0;
        memcpy(&header, s->records + at, sizeof header);
        at += sizeof header;
        if (s->n_records - at < header.length)
            return 0;
        type = header.type;
        *record = s->records + at;
        *size = header.length;
    }
    return type;
}

/* What a plugin wrote must not command the terminal that it ends up on. */
static void defuse(char *text)
{
    int keep_wide = utf8_is_printable(text);
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f || ((unsigned char)*text > 0x7f && !keep_wide))
            *text = '?';
}

/* The last line that it printed, as a clause to append. */
static const char *last_words(struct printed *p, char *words, size_t size)
{
    while (p->n > 0 && (unsigned char)p->tail[p->n - 1] <= ' ')
        p->n--;
    p->tail[p->n] = '\0';
    char *line = strrchr(p->tail, '\n');
    line = line ? line + 1 : p->tail;
    defuse(line);
    snprintf(words, size, "%s%s%s", *line ? "; the last that it printed: \"" : "", line, *line ? "\"" : "");
    return words;
}

static const char *phase(uint32_t type)
{
    return type == SCAN_ASKING ? "when mpipe_plugin_v1() was called and its tables were read"
                               : "while it was being loaded (in a constructor of it, or of a library that it needs)";
}

static const char *signal_name(int number, char *name, size_t size)
{
    const char *abbreviation = sigabbrev_np(number);
    if (abbreviation)
        snprintf(name, size, "SIG%s", abbreviation);
    else
        snprintf(name, size, "signal %d", number);
    return name;
}

/* It died, or was killed, before it gave an answer. */
static void explain_death(struct scanning *s, uint32_t type, struct scan *out)
{
    char words[TAIL_MAX + 64];
    char name[32];
    last_words(s->printed, words, sizeof words);
    if (s->end == SCAN_LATE)
        say(out, "did not answer within %.3g s %s%s", (double)s->limit_ns / 1e9, phase(type), words);
    else if (s->end == SCAN_FLOODED)
        say(out, "sent more than %d MiB, which is no description of a plugin", ANSWER_MAX >> 20);
    else if (s->end == SCAN_NO_MEMORY) {
        out->shortage = ENOMEM;
        say(out, "there was no memory to scan it");
    } else if (s->death.si_code == CLD_EXITED)
        say(out, "called exit(%d) %s%s", s->death.si_status, phase(type), words);
    else
        say(out, "died with %s %s%s", signal_name(s->death.si_status, name, sizeof name), phase(type), words);
}

static char *folder_of(const char *file)
{
    const char *slash = strrchr(file, '/');
    return slash ? strndup(file, slash == file ? 1 : (size_t)(slash - file)) : strdup(".");
}

/* Takes the description that the child sent, if it makes sense. */
static void accept_description(const struct scanning *s, const uint8_t *bytes, size_t size, struct scan *out)
{
    char why[1024];
    int error = wire_decode(bytes, size, &out->processors, &out->n_processors, why, sizeof why);
    if (error) {
        out->shortage = error == -ENOMEM ? ENOMEM : 0;
        say(out, "%s", error == -ENOMEM ? "there was no memory to scan it" : why);
        return;
    }
    for (uint32_t i = 0; i < out->n_processors; i++) {
        struct processor_description *d = out->processors[i];
        d->file = strdup(s->file);
        d->pack_dir = folder_of(s->file);
        if (d->file && d->pack_dir)
            continue;
        scan_clear(out);
        return;
    }
}

static void repeat_refusal(const uint8_t *bytes, size_t size, struct scan *out)
{
    char why[1024];
    snprintf(why, sizeof why, "%.*s", size < sizeof why ? (int)size : (int)sizeof why - 1, (const char *)bytes);
    defuse(why);
    say(out, "%s", *why ? why : "refused without a reason");
}

/* The machine lacked something: not the plugin's fault. */
static void repeat_shortage(const uint8_t *bytes, size_t size, struct scan *out)
{
    int32_t error = 0;
    if (size > sizeof error)
        memcpy(&error, bytes, sizeof error);
    out->shortage = error > 0 ? error : ENOMEM;
    repeat_refusal(bytes + (size > sizeof error ? sizeof error : size), size > sizeof error ? size - sizeof error : 0,
                   out);
}

static int conclude(struct scanning *s, struct scan *out)
{
    const uint8_t *record = NULL;
    size_t size = 0;
    uint32_t type = last_record(s, &record, &size);
    int ended = s->end == SCAN_RUNNING && s->death.si_code == CLD_EXITED && s->death.si_status == EXIT_SUCCESS;
    if (ended && type == SCAN_DESCRIBED)
        accept_description(s, record, size, out);
    else if (ended && type == SCAN_REFUSED)
        repeat_refusal(record, size, out);
    else if (ended && type == SCAN_SHORT)
        repeat_shortage(record, size, out);
    else if (ended && type != SCAN_LOADING && type != SCAN_ASKING)
        say(out, "answered with garbage");
    else
        explain_death(s, type, out);
    return out->n_processors > 0 || out->problem ? 0 : -ENOMEM;
}

/* Forks the child. 0, or -errno with nothing left behind. */
static int start(struct scanning *s)
{
    int answer[2];
    int output[2];
    if (pipe2(answer, O_CLOEXEC | O_NONBLOCK) < 0)
        return -errno;
    s->answer = answer[0];
    AUTO_FD int answer_end = answer[1];
    if (pipe2(output, O_CLOEXEC | O_NONBLOCK) < 0)
        return -errno;
    s->output = output[0];
    AUTO_FD int output_end = output[1];
    /* The child's ends block: it shall wait for us, and we never for it. */
    if (fcntl(answer_end, F_SETFL, 0) < 0 || fcntl(output_end, F_SETFL, 0) < 0)
        return -errno;
    struct scan_task task = {s->file, answer_end, output_end, getpid(), s->limit_ns};
    s->pid = fork();
    if (s->pid == 0)
        scan_child(&task);
    if (s->pid < 0)
        return -errno;
    setpgid(s->pid, s->pid); /* as the child does: whoever comes first */
    s->pidfd = pidfd_open(s->pid, 0);
    if (s->pidfd >= 0)
        return 0;
    int error = -errno;
    reap(s);
    return error;
}

int scan_file(const char *file, uint64_t limit_ns, struct scan *out)
{
    struct printed printed = {.n = 0};
    struct scanning s = {.file = file,
                         .limit_ns = limit_ns,
                         .printed = &printed,
                         .deadline = clock_monotonic() + limit_ns,
                         .pidfd = -1,
                         .answer = -1,
                         .output = -1,
                         .end = SCAN_RUNNING};
    *out = (struct scan){0};
    int error = start(&s);
    if (error) {
        out->shortage = -error;
        say(out, "could not start a process to scan it: %s; try 'micropipe doctor'", strerror(-error));
        error = out->problem ? 0 : -ENOMEM;
    } else {
        wait_for_end(&s);
        reap(&s);
        drain(&s);
        error = conclude(&s, out);
    }
    cleanup_fd(&s.pidfd);
    cleanup_fd(&s.answer);
    cleanup_fd(&s.output);
    free(s.records);
    return error;
}

void scan_clear(struct scan *s)
{
    for (uint32_t i = 0; i < s->n_processors; i++)
        description_destroy(&s->processors[i]);
    free(s->processors);
    free(s->problem);
    *s = (struct scan){0};
}
