/* For a build that counts branches: all processes that a program forks count in the memory of the first, which alone
 * writes the counts to files when it ends; if it is killed, a scribe does, which waits for that. So what a process
 * does is counted although it is killed, and although its sandbox lets it write no file; and the sandbox refuses
 * nothing to gcov that a plugin would be blamed for.
 *
 * The linker sorts .bss by name, and the counters are all called __gcov: so they lie between two marks, on pages of
 * their own. What else is in .bss is each process's own. Only what follows fork() counts in common; a program that is
 * executed starts anew.
 */
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdnoreturn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* They sort before and behind all counters, and what follows is on pages of its own. */
enum { PAGE = 4096 };
static char counts[1] __attribute__((section(".bss.__gcov"), aligned(PAGE)));
static char end_of_counts[1] __attribute__((section(".bss.__gcov_end"), aligned(PAGE)));
#define SHARED __attribute__((section(".bss.__gcov_0")))

void __gcov_dump(void);
noreturn void __real__exit(int status);
noreturn void __real__Exit(int status);
noreturn void __wrap__exit(int status);
noreturn void __wrap__Exit(int status);

/* Shared, too. */
SHARED static pid_t first; /* 0: the counters are not */
SHARED static int writes;  /* 1: the first writes them itself */

/* A plugin may call exit() in a process of its own, and gcov would write there. */
static void leave(int status, void *nothing)
{
    (void)nothing;
    writes |= first == getpid();
    if (first == getpid())
        return;
    fflush(NULL);
    __real__exit(status);
}

/* Writes the counts of a host that has not done so. It is nobody's child, and holds nothing of the host's open. */
noreturn static void be_scribe(int host)
{
    struct pollfd gone = {.fd = host, .events = POLLIN};
    setsid();
    prctl(PR_SET_NAME, "scribe");
    if (host > 0)
        syscall(SYS_close_range, 0, host - 1, 0);
    syscall(SYS_close_range, host + 1, ~0U, 0);
    if (chdir("/") == 0 && poll(&gone, 1, -1) == 1 && !writes)
        __gcov_dump();
    __real__exit(0);
}

/* None where a test makes calls fail: it counts the processes that are left. */
static void start_scribe(void)
{
    if (getenv("LD_PRELOAD") || prctl(PR_GET_SECCOMP) != 0)
        return;
    int host = (int)syscall(SYS_pidfd_open, getpid(), 0);
    pid_t between = host >= 0 ? fork() : -1;
    if (between == 0 && fork() == 0)
        be_scribe(host);
    if (between == 0)
        __real__exit(0);
    if (between > 0)
        waitpid(between, NULL, 0);
    if (host >= 0)
        close(host);
}

__attribute__((constructor)) static void share_counts(void)
{
    size_t size = (uintptr_t)end_of_counts - (uintptr_t)counts;
    char *copy = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (copy == MAP_FAILED)
        return;
    memcpy(copy, counts, size);
    if (mremap(copy, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, counts) == MAP_FAILED)
        munmap(copy, size);
    else if (on_exit(leave, NULL) == 0) {
        first = getpid();
        start_scribe();
    }
}

static void write_counts(void)
{
    writes |= first == getpid();
    if (first == 0 || first == getpid())
        __gcov_dump();
}

noreturn void __wrap__exit(int status)
{
    write_counts();
    __real__exit(status);
}

noreturn void __wrap__Exit(int status)
{
    write_counts();
    __real__Exit(status);
}
