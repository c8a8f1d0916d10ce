/* For a build that counts branches: all processes that the program forks count in the memory of the first, which alone
 * writes the counts to files, when it ends. So what a process does is counted although it is killed, and although its
 * sandbox lets it write no file; and the sandbox refuses nothing to gcov that a plugin would be blamed for.
 *
 * The counters are in .bss, where nothing else is but what libraries keep of their own: the program has no mutable
 * globals. Only what follows fork() counts in common; a program that is executed starts anew.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdnoreturn.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

extern char __bss_start[], _end[];

void __gcov_dump(void);
noreturn void __real__exit(int status);
noreturn void __real__Exit(int status);
noreturn void __wrap__exit(int status);
noreturn void __wrap__Exit(int status);

static pid_t first; /* shared, too; 0: the counters are not */

/* A plugin may call exit() in a process of its own, and gcov would write there. */
static void leave(int status, void *nothing)
{
    (void)nothing;
    if (first == getpid())
        return;
    fflush(NULL);
    __real__exit(status);
}

/* The page where .bss starts holds the last of .data: that is gcov's, and shared with it. */
__attribute__((constructor)) static void share_counts(void)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t start = (uintptr_t)__bss_start & ~(page - 1);
    size_t size = (((uintptr_t)_end + page - 1) & ~(page - 1)) - start;
    char *copy = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (copy == MAP_FAILED)
        return;
    memcpy(copy, (const char *)start, size);
    if (mremap(copy, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, (char *)start) == MAP_FAILED)
        munmap(copy, size);
    else if (on_exit(leave, NULL) == 0)
        first = getpid();
}

static void write_counts(void)
{
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
