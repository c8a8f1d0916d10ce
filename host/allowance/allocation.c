#include "allocation.h"

#include <dlfcn.h>
#include <errno.h>
#include <inttypes.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { TRIES = 4 }; /* the allocator may need more than it was asked for */

/* The allocator is a process's one, and so is this: what stands in for malloc() is handed no context. */
/* NOLINTBEGIN(cppcoreguidelines-avoid-non-const-global-variables) */
static struct {
    struct allowance *allowance; /* NULL: none */
    int bell;
    pid_t pid; /* whose it is, and not that of what a plugin forks */
    void (*leave)(void *context);
    void *context;
    pthread_mutex_t asks; /* one thread at a time */
} watch = {.asks = PTHREAD_MUTEX_INITIALIZER};
/* NOLINTEND(cppcoreguidelines-avoid-non-const-global-variables) */

void allocation_watch(struct allowance *a, int bell, void (*leave)(void *context), void *context)
{
    watch.bell = bell;
    watch.leave = leave;
    watch.context = context;
    watch.pid = getpid();
    watch.allowance = a;
}

void allocation_tidy(void)
{
    if (!watch.allowance || !au32_relaxed(&watch.allowance->tidy))
        return;
    au32_store_relaxed(&watch.allowance->tidy, 0);
    malloc_trim(0);
}

uint64_t allocation_refused(void)
{
    return watch.allowance ? au64_relaxed(&watch.allowance->refused) : 0;
}

uint64_t allocation_refused_before(void)
{
    return watch.allowance ? au64_relaxed(&watch.allowance->before) : 0;
}

void allowance_explain(uint64_t refused, char *text, size_t size)
{
    if (refused == 0)
        *text = 0;
    else
        snprintf(text, size, "; it was refused %" PRIu64 " KiB of memory of its own: raise workers_memory",
                 (refused + 1023) >> 10);
}

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

#define EXPORTED __attribute__((visibility("default")))

void *__libc_malloc(size_t size);           /* NOLINT(bugprone-reserved-identifier): libc's name */
void *__libc_calloc(size_t n, size_t size); /* NOLINT(bugprone-reserved-identifier) */

/* What stands behind us. At first that is what looks for it. */
static void find_next(void);
/* NOLINTBEGIN(cppcoreguidelines-avoid-non-const-global-variables,bugprone-macro-parentheses): a type has none */
#define NEXT(type, name, parameters, arguments)          \
    static type first_##name parameters;                 \
    static type(*next_##name) parameters = first_##name; \
    static type first_##name parameters                  \
    {                                                    \
        find_next();                                     \
        return next_##name arguments;                    \
    }

NEXT(void *, malloc, (size_t size), (size))
NEXT(void *, calloc, (size_t n, size_t size), (n, size))
NEXT(void *, realloc, (void *old, size_t size), (old, size))
NEXT(void *, memalign, (size_t alignment, size_t size), (alignment, size))
NEXT(void *, aligned_alloc, (size_t alignment, size_t size), (alignment, size))
NEXT(int, posix_memalign, (void **to, size_t alignment, size_t size), (to, alignment, size))
NEXT(void *, mmap, (void *at, size_t length, int protection, int flags, int fd, off_t offset),
     (at, length, protection, flags, fd, offset))
NEXT(int, pthread_create, (pthread_t * thread, const pthread_attr_t *attributes, void *(*start)(void *), void *context),
     (thread, attributes, start, context))
/* NOLINTEND(cppcoreguidelines-avoid-non-const-global-variables,bugprone-macro-parentheses) */

/* Before any other thread can be. What dlsym() itself allocates meanwhile is libc's. */
static void find_next(void)
{
    next_malloc = __libc_malloc;
    next_calloc = __libc_calloc;
    *(void **)&next_realloc = dlsym(RTLD_NEXT, "realloc");
    *(void **)&next_memalign = dlsym(RTLD_NEXT, "memalign");
    *(void **)&next_aligned_alloc = dlsym(RTLD_NEXT, "aligned_alloc");
    *(void **)&next_posix_memalign = dlsym(RTLD_NEXT, "posix_memalign");
    *(void **)&next_mmap = dlsym(RTLD_NEXT, "mmap");
    *(void **)&next_pthread_create = dlsym(RTLD_NEXT, "pthread_create");
    *(void **)&next_calloc = dlsym(RTLD_NEXT, "calloc");
    *(void **)&next_malloc = dlsym(RTLD_NEXT, "malloc");
}

/* Nobody has an allowance here. What stands behind us is called last then, so that it can see who calls. */
#define PLAIN __builtin_expect(!watch.allowance, 1)
#define FAILED(expression) __builtin_expect(expression, 0)

/* What a plugin forks has none, and fails as it would without us. */
static int may_ask(void)
{
    return watch.pid == getpid();
}

/* 1: there may be more now. */
static int ask(int tries, size_t bytes)
{
    if (tries == TRIES)
        return 0;
    pthread_mutex_lock(&watch.asks);
    malloc_trim(0); /* what is free but in pieces */
    enum allowance_answer answer = allowance_ask(watch.allowance, watch.bell, bytes);
    if (answer == ALLOWANCE_LEAVE)
        watch.leave(watch.context);
    pthread_mutex_unlock(&watch.asks);
    if (answer != ALLOWANCE_GRANTED)
        errno = ENOMEM;
    return answer == ALLOWANCE_GRANTED;
}

#define UNTIL(got, bytes, call)                                   \
    do {                                                          \
        for (int tries = 0; !(got) && ask(tries, bytes); tries++) \
            (call);                                               \
        allowance_took(watch.allowance);                          \
    } while (0)

EXPORTED void *malloc(size_t size)
{
    if (PLAIN)
        return next_malloc(size);
    void *p = next_malloc(size);
    if (FAILED(!p) && may_ask())
        UNTIL(p, size, p = next_malloc(size));
    return p;
}

EXPORTED void *calloc(size_t n, size_t size)
{
    size_t bytes;
    if (PLAIN)
        return next_calloc(n, size);
    void *p = next_calloc(n, size);
    if (FAILED(!p) && may_ask() && !__builtin_mul_overflow(n, size, &bytes))
        UNTIL(p, bytes, p = next_calloc(n, size));
    return p;
}

/* Also what libc's reallocarray() calls. */
EXPORTED void *realloc(void *old, size_t size)
{
    if (PLAIN)
        return next_realloc(old, size);
    void *p = next_realloc(old, size);
    if (FAILED(!p) && may_ask() && size > 0)
        UNTIL(p, size, p = next_realloc(old, size));
    return p;
}

EXPORTED void *memalign(size_t alignment, size_t size)
{
    size_t bytes;
    if (PLAIN)
        return next_memalign(alignment, size);
    void *p = next_memalign(alignment, size);
    if (FAILED(!p) && errno == ENOMEM && may_ask() && !__builtin_add_overflow(size, alignment, &bytes))
        UNTIL(p, bytes, p = next_memalign(alignment, size));
    return p;
}

EXPORTED void *aligned_alloc(size_t alignment, size_t size)
{
    size_t bytes;
    if (PLAIN)
        return next_aligned_alloc(alignment, size);
    void *p = next_aligned_alloc(alignment, size);
    if (FAILED(!p) && errno == ENOMEM && may_ask() && !__builtin_add_overflow(size, alignment, &bytes))
        UNTIL(p, bytes, p = next_aligned_alloc(alignment, size));
    return p;
}

EXPORTED int posix_memalign(void **to, size_t alignment, size_t size)
{
    size_t bytes;
    if (PLAIN)
        return next_posix_memalign(to, alignment, size);
    int error = next_posix_memalign(to, alignment, size);
    if (FAILED(error == ENOMEM) && may_ask() && !__builtin_add_overflow(size, alignment, &bytes))
        UNTIL(error == 0, bytes, error = next_posix_memalign(to, alignment, size));
    return error;
}

EXPORTED void *mmap(void *at, size_t length, int protection, int flags, int fd, off_t offset)
{
    if (PLAIN)
        return next_mmap(at, length, protection, flags, fd, offset);
    void *p = next_mmap(at, length, protection, flags, fd, offset);
    if (FAILED(p == MAP_FAILED) && errno == ENOMEM && (flags & MAP_PRIVATE) && (protection & PROT_WRITE) && may_ask())
        UNTIL(p != MAP_FAILED, length, p = next_mmap(at, length, protection, flags, fd, offset));
    return p;
}

static size_t stack_of(const pthread_attr_t *attributes)
{
    pthread_attr_t usual;
    size_t size = 0;
    pthread_attr_init(&usual); /* libc's does not fail, and says what a thread gets that asks for no size */
    pthread_attr_getstacksize(attributes ? attributes : &usual, &size);
    pthread_attr_destroy(&usual);
    return size;
}

/* libc makes the stack of a thread by a mmap() of its own. */
EXPORTED int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *context)
{
    if (PLAIN)
        return next_pthread_create(thread, attributes, start, context);
    int error = next_pthread_create(thread, attributes, start, context);
    if (FAILED(error == EAGAIN) && may_ask())
        UNTIL(error == 0, stack_of(attributes) + 65536,
              error = next_pthread_create(thread, attributes, start, context));
    return error;
}

EXPORTED void *mmap64(void *at, size_t length, int protection, int flags, int fd, off_t offset)
{
    return mmap(at, length, protection, flags, fd, offset);
}

#endif
