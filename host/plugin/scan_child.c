#include "scan_child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "clock.h"
#include "describe.h"
#include "loader.h"
#include "sandbox.h"
#include "verify.h"
#include "wire.h"

enum { ANSWER_FD = 3 }; /* all above it is closed: nothing of the host is within a plugin's reach */

/* Room for a large library; not for a constructor gone wild. RLIMIT_DATA and not RLIMIT_AS, since that would count what
 * the host has mapped and what a library only reserves. */
static const rlim_t memory_limit = (rlim_t)4 << 30;

static void set_limit(__rlimit_resource_t resource, rlim_t limit)
{
    struct rlimit r;
    if (getrlimit(resource, &r) != 0)
        return;
    r.rlim_cur = r.rlim_max < limit ? r.rlim_max : limit;
    r.rlim_max = r.rlim_cur;
    setrlimit(resource, &r); /* a limit that cannot be set leaves the time limit and the kill */
}

static void set_limits(uint64_t limit_ns)
{
    set_limit(RLIMIT_CORE, 0);
    set_limit(RLIMIT_CPU, limit_ns / NS_PER_S + 1);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) /* these map terabytes */
    set_limit(RLIMIT_DATA, memory_limit);
#else
    (void)memory_limit;
#endif
}

/* The host may block signals for its signalfd, and a sanitizer handles some: a plugin must die of its own. */
static void reset_signals(void)
{
    sigset_t none;
    for (int s = 1; s < NSIG; s++)
        signal(s, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static int is_shortage(int error)
{
    return error == -ENOMEM || error == -EMFILE;
}

/* The child keeps three files, which lead nowhere but to the parent's pipes, and the answer. */
static int keep_own_files(const struct scan_task *task)
{
    int answer = fcntl(task->answer, F_DUPFD_CLOEXEC, ANSWER_FD + 1);
    int output = fcntl(task->output, F_DUPFD_CLOEXEC, ANSWER_FD + 1);
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (answer < 0 || output < 0 || null < 0)
        return 0;
    __fpurge(stdout); /* what the host has not written yet is the host's */
    if (dup2(null, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 || dup2(output, STDERR_FILENO) < 0 ||
        dup2(answer, ANSWER_FD) < 0)
        return 0;
    close_range(ANSWER_FD + 1, ~0u, 0);
    fcntl(ANSWER_FD, F_SETFD, FD_CLOEXEC);
    return 1;
}

static void write_all(int fd, const void *bytes, size_t size)
{
    const char *at = bytes;
    while (size > 0) {
        ssize_t n = write(fd, at, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            _exit(EXIT_FAILURE);
        at += n;
        size -= (size_t)n;
    }
}

static void write_record(enum scan_record type, const void *bytes, size_t size)
{
    struct scan_header header = {type, (uint32_t)size};
    write_all(ANSWER_FD, &header, sizeof header);
    write_all(ANSWER_FD, bytes, size);
}

__attribute__((noreturn)) static void refuse(const char *why)
{
    write_record(SCAN_REFUSED, why, strlen(why));
    _exit(EXIT_SUCCESS);
}

/* The machine, not the plugin, is to blame. */
__attribute__((noreturn)) static void give_up(int fd, int error, const char *why)
{
    int32_t number = error;
    struct scan_header header = {SCAN_SHORT, (uint32_t)(sizeof number + strlen(why))};
    write_all(fd, &header, sizeof header);
    write_all(fd, &number, sizeof number);
    write_all(fd, why, strlen(why));
    _exit(EXIT_SUCCESS);
}

__attribute__((noreturn)) static void decline(int error, const char *why)
{
    if (is_shortage(error))
        give_up(ANSWER_FD, -error, why);
    refuse(why);
}

__attribute__((noreturn)) static void answer(const mpipe_plugin *plugin)
{
    struct processor_description *list[VERIFY_PROCESSORS_MAX] = {NULL};
    char why[1024];
    uint32_t n = 0;
    uint8_t *bytes = NULL;
    size_t size = 0;
    while (n < VERIFY_PROCESSORS_MAX && plugin->processors[n])
        n++;
    for (uint32_t i = 0; i < n; i++) {
        int error = describe_processor(plugin, plugin->processors[i], &list[i], why, sizeof why);
        if (error)
            decline(error, why);
    }
    if (wire_encode(list, n, &bytes, &size) != 0)
        decline(-ENOMEM, "there is no memory left to describe it");
    write_record(SCAN_DESCRIBED, bytes, size);
    _exit(EXIT_SUCCESS); /* no destructor of the plugin runs, and the kernel frees all */
}

void scan_child(const struct scan_task *task)
{
    char why[1024];
    loader_entry entry = NULL;
    const mpipe_plugin *plugin = NULL;
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != task->parent)
        _exit(EXIT_FAILURE);
    if (!keep_own_files(task)) {
        int error = errno;
        snprintf(why, sizeof why, "its scanner had not the files that it needs: %s; try 'micropipe doctor'",
                 strerror(error));
        give_up(task->answer, error, why);
    }
    reset_signals();
    set_limits(task->limit_ns);
    struct sandbox sandbox = {.level = SANDBOX_IO};
    sandbox_enter(&sandbox, SANDBOX_UNSEEN);
    write_record(SCAN_LOADING, NULL, 0);
    int error = loader_map(task->file, &entry, why, sizeof why);
    if (error)
        decline(error, why);
    write_record(SCAN_ASKING, NULL, 0);
    error = loader_ask(entry, &plugin, why, sizeof why);
    if (error)
        decline(error, why);
    answer(plugin);
}
