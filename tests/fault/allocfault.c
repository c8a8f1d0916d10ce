/* Preloaded into the program under test: makes its n-th allocation fail, in the host, a scanner's child, a stage server
 * or a worker. What libc and other libraries allocate for the program (strdup, fopen, a JSON object) comes this way
 * too. Every process that the program forks inherits the map of the page. */
#include "allocfault.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static struct allocfault *shared;
static int depth;   /* how many forks below the host */
static int scanner; /* it has called setpgid(0, 0), the first that a scanner's child does */

/* Where libconfig's code is. What it asks for is not made to fail: it does not look at what malloc() gives it, so the
 * host makes sure before that there is enough (reserve() in host/pipeline/parse.c). limits_test.cc tests that. *
 * libseccomp's neither: without memory it frees twice, or hangs (seen with the 977th allocation of a stage server). */
static struct {
    uintptr_t from, to;
} spared[2];
static int n_spared;

static int find_spared(struct dl_phdr_info *info, size_t size, void *unused)
{
    (void)size;
    (void)unused;
    if (n_spared == 2 || !(strstr(info->dlpi_name, "/libconfig.so") || strstr(info->dlpi_name, "/libseccomp.so")))
        return 0;
    spared[n_spared].from = info->dlpi_addr;
    for (int i = 0; i < info->dlpi_phnum; i++)
        if (info->dlpi_phdr[i].p_type == PT_LOAD)
            spared[n_spared].to = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr + info->dlpi_phdr[i].p_memsz;
    n_spared++;
    return 0;
}

__attribute__((constructor)) static void join(void)
{
    dl_iterate_phdr(find_spared, NULL);
    const char *fd = getenv(ALLOCFAULT_ENV);
    void *page = fd ? mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, atoi(fd), 0) : MAP_FAILED;
    if (fd)
        close(atoi(fd));
    unsetenv(ALLOCFAULT_ENV);
    unsetenv("LD_PRELOAD");
    if (page != MAP_FAILED)
        shared = page;
}

static uint32_t role(void)
{
    if (depth == 0)
        return ALLOCFAULT_HOST;
    return scanner ? ALLOCFAULT_SCANNER : depth == 1 ? ALLOCFAULT_SERVER : ALLOCFAULT_WORKER;
}

static int fails(const void *caller)
{
    uintptr_t from = (uintptr_t)caller;
    if (!shared || shared->role != role())
        return 0;
    for (int i = 0; i < n_spared; i++)
        if (from >= spared[i].from && from < spared[i].to)
            return 0;
    uint64_t n = __atomic_add_fetch(&shared->count, 1, __ATOMIC_RELAXED);
    if (shared->n == 0 || (shared->sticky ? n < shared->n : n != shared->n))
        return 0;
    errno = ENOMEM;
    return 1;
}

static void *next(const char *name)
{
    void *f = dlsym(RTLD_NEXT, name);
    if (!f)
        abort();
    return f;
}

void *malloc(size_t size)
{
    static void *(*real)(size_t);
    if (!real)
        *(void **)&real = next("malloc");
    return fails(__builtin_return_address(0)) ? NULL : real(size);
}

void *calloc(size_t n, size_t size)
{
    static void *(*real)(size_t, size_t);
    if (!real)
        *(void **)&real = next("calloc");
    return fails(__builtin_return_address(0)) ? NULL : real(n, size);
}

void *realloc(void *old, size_t size)
{
    static void *(*real)(void *, size_t);
    if (!real)
        *(void **)&real = next("realloc");
    return fails(__builtin_return_address(0)) ? NULL : real(old, size);
}

void *reallocarray(void *old, size_t n, size_t size)
{
    static void *(*real)(void *, size_t, size_t);
    if (!real)
        *(void **)&real = next("reallocarray");
    return fails(__builtin_return_address(0)) ? NULL : real(old, n, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    static void *(*real)(size_t, size_t);
    if (!real)
        *(void **)&real = next("aligned_alloc");
    return fails(__builtin_return_address(0)) ? NULL : real(alignment, size);
}

/* What it allocates is asked for by libc, for whoever called it: so it is counted here. */
static char *duplicate(const char *text, const void *caller)
{
    size_t size = strlen(text) + 1;
    static void *(*real)(size_t);
    if (!real)
        *(void **)&real = next("malloc");
    char *copy = fails(caller) ? NULL : real(size);
    return copy ? memcpy(copy, text, size) : NULL;
}

char *strdup(const char *text)
{
    return duplicate(text, __builtin_return_address(0));
}

char *__strdup(const char *text); /* the name by which libconfig calls it */
char *__strdup(const char *text)
{
    return duplicate(text, __builtin_return_address(0));
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
    static int (*real)(void **, size_t, size_t);
    if (!real)
        *(void **)&real = next("posix_memalign");
    return fails(__builtin_return_address(0)) ? ENOMEM : real(out, alignment, size);
}

pid_t fork(void)
{
    static pid_t (*real)(void);
    if (!real)
        *(void **)&real = next("fork");
    pid_t pid = real();
    depth += pid == 0;
    return pid;
}

int setpgid(pid_t pid, pid_t group)
{
    static int (*real)(pid_t, pid_t);
    if (!real)
        *(void **)&real = next("setpgid");
    scanner |= depth == 1 && pid == 0;
    return real(pid, group);
}
