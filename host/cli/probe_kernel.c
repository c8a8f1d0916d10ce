#include "doctor_probes.h"

#include <errno.h>
#include <linux/futex.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cleanup.h"

void probe_kernel(struct finding *f)
{
    struct utsname u;
    if (uname(&u) == 0)
        finding_found(f, "%s %s, %s", u.sysname, u.release, u.machine);
    else
        finding_found(f, "uname: %s", strerror(errno));
}

/* For what has no substitute. */
static void require(struct finding *f, int works, const char *there, const char *meaning)
{
    int error = errno;
    if (works) {
        finding_found(f, "%s", there);
        return;
    }
    finding_found(f, "not available: %s", strerror(error));
    finding_blame(f, VERDICT_MISSING, meaning);
}

void probe_event_loop(struct finding *f)
{
    sigset_t none;
    sigemptyset(&none);
    AUTO_FD int epoll = epoll_create1(EPOLL_CLOEXEC);
    AUTO_FD int timer = epoll < 0 ? -1 : timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    AUTO_FD int signals = timer < 0 ? -1 : signalfd(-1, &none, SFD_CLOEXEC);
    require(f, signals >= 0, "epoll, timerfd, signalfd",
            "The host waits for everything through these. In a container, allow them in its seccomp profile.");
}

void probe_pidfd(struct finding *f)
{
    AUTO_FD int pidfd = pidfd_open(getpid(), 0);
    require(f, pidfd >= 0, "pidfd_open",
            "The host hears of a worker's death through it. It needs Linux 5.3, and a container that allows it.");
}

void probe_subreaper(struct finding *f)
{
    int before = 0;
    int works = prctl(PR_GET_CHILD_SUBREAPER, &before) == 0 && prctl(PR_SET_CHILD_SUBREAPER, 1) == 0;
    require(f, works, "PR_SET_CHILD_SUBREAPER", "Without it workers outlive a stage server that dies.");
    if (works)
        prctl(PR_SET_CHILD_SUBREAPER, before);
}

void probe_futex(struct finding *f)
{
    uint32_t word = 1;
    /* It must not sleep, for the word has another value; shared, as between processes. */
    long result = syscall(SYS_futex, &word, FUTEX_WAIT, 0, NULL, NULL, 0);
    require(f, result == 0 || errno == EAGAIN, "futex, shared between processes",
            "Workers sleep and wake each other with it.");
}

void probe_seccomp(struct finding *f)
{
    uint32_t action = SECCOMP_RET_KILL_PROCESS;
    if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0)
        finding_found(f, "available");
    else
        finding_found(f, "not available (%s): plugins run without a system call filter (sandbox)", strerror(errno));
}

void probe_landlock(struct finding *f)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (abi > 0)
        finding_found(f, "ABI %ld%s", abi, abi >= 6 ? "" : "; signals are scoped from ABI 6 on");
    else
        finding_found(f, "not available (%s): sandbox = \"strict\" relies on the system call filter alone",
                      strerror(errno));
}
