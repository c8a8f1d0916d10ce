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

/* What stands behind us. */
/* NOLINTBEGIN(cppcoreguidelines-avoid-non-const-global-variables) */
static struct {
    void *(*malloc)(size_t);
    void *(*calloc)(size_t, size_t);
    void *(*realloc)(void *, size_t);
    void *(*reallocarray)(void *, size_t, size_t);
    void *(*memalign)(size_t, size_t);
    void *(*aligned_alloc)(size_t, size_t);
    int (*posix_memalign)(void **, size_t, size_t);
    void *(*mmap)(void *, size_t, int, int, int, off_t);
    int (*pthread_create)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
} next;
/* NOLINTEND(cppcoreguidelines-avoid-non-const-global-variables) */

/* Before any other thread can be. What dlsym() itself allocates meanwhile is libc's. */
static void find_next(void)
{
    next.malloc = __libc_malloc;
    next.calloc = __libc_calloc;
    *(void **)&next.realloc = dlsym(RTLD_NEXT, "realloc");
    *(void **)&next.reallocarray = dlsym(RTLD_NEXT, "reallocarray");
    *(void **)&next.memalign = dlsym(RTLD_NEXT, "memalign");
    *(void **)&next.aligned_alloc = dlsym(RTLD_NEXT, "aligned_alloc");
    *(void **)&next.posix_memalign = dlsym(RTLD_NEXT, "posix_memalign");
    *(void **)&next.mmap = dlsym(RTLD_NEXT, "mmap");
    *(void **)&next.pthread_create = dlsym(RTLD_NEXT, "pthread_create");
    *(void **)&next.calloc = dlsym(RTLD_NEXT, "calloc");
    *(void **)&next.malloc = dlsym(RTLD_NEXT, "malloc");
}

#define BEHIND(name) (__builtin_expect(!next.name, 0) ? (find_next(), next.name) : next.name)

/* 1: there may be more now. */
static int ask(size_t bytes)
{
    if (watch.pid != getpid())
        return 0;
    pthread_mutex_lock(&watch.asks);
    malloc_trim(0); /* what is free but in pieces */
    enum allowance_answer answer = allowance_ask(watch.allowance, watch.bell, bytes);
    if (answer == ALLOWANCE_LEAVE && watch.leave)
        watch.leave(watch.context);
    pthread_mutex_unlock(&watch.asks);
    if (answer != ALLOWANCE_GRANTED)
        errno = ENOMEM;
    return answer == ALLOWANCE_GRANTED;
}

#define UNTIL(got, bytes, call)                         \
    do {                                                \
        int tries = 0;                                  \
        while (!(got) && tries++ < TRIES && ask(bytes)) \
            (call);                                     \
        if (tries > 0)                                  \
            allowance_took(watch.allowance);            \
    } while (0)

__attribute__((noinline)) static void *malloc_again(size_t size)
{
    void *p = NULL;
    UNTIL(p, size, p = next.malloc(size));
    return p;
}

EXPORTED void *malloc(size_t size)
{
    if (__builtin_expect(!watch.allowance, 1))
        return BEHIND(malloc)(size);
    void *p = BEHIND(malloc)(size);
    return __builtin_expect(p != NULL, 1) ? p : malloc_again(size);
}

EXPORTED void *calloc(size_t n, size_t size)
{
    size_t bytes;
    if (__builtin_expect(!watch.allowance, 1))
        return BEHIND(calloc)(n, size);
    void *p = BEHIND(calloc)(n, size);
    if (!p && !__builtin_mul_overflow(n, size, &bytes))
        UNTIL(p, bytes, p = next.calloc(n, size));
    return p;
}

EXPORTED void *realloc(void *old, size_t size)
{
    if (__builtin_expect(!watch.allowance, 1))
        return BEHIND(realloc)(old, size);
    void *p = BEHIND(realloc)(old, size);
    if (!p && size > 0)
        UNTIL(p, size, p = next.realloc(old, size));
    return p;
}

EXPORTED void *reallocarray(void *old, size_t n, size_t size)
{
    size_t bytes;
    if (__builtin_expect(!watch.allowance, 1))
        return BEHIND(reallocarray)(old, n, size);
    void *p = BEHIND(reallocarray)(old, n, size);
    if (!p && !__builtin_mul_overflow(n, size, &bytes) && bytes > 0)
        UNTIL(p, bytes, p = next.reallocarray(old, n, size));
    return p;
}

EXPORTED void *memalign(size_t alignment, size_t size)
{
    if (__builtin_expect(!watch.allowance, 1))
        return BEHIND(memalign)(alignment, size);
    void *p = BEHIND(memalign)(alignment, size);
    if (!p && errno == ENOMEM)
        UNTIL(p, size + alignment, p = next.memalign(alignment, size));
    return p;
}

EXPORTED void *aligned_alloc(size_t alignment, size_t size)
{
    if (__builtin_expect(!watch.allowance, 1))
        return BEHIND(aligned_alloc)(alignment, size);
    void *p = BEHIND(aligned_alloc)(alignment, size);
    if (!p && errno == ENOMEM)
        UNTIL(p, size + alignment, p = next.aligned_alloc(alignment, size));
    return p;
}

EXPORTED int posix_memalign(void **to, size_t alignment, size_t size)
{
    if (__builtin_expect(!watch.allowance, 1))
        return BEHIND(posix_memalign)(to, alignment, size);
    int error = BEHIND(posix_memalign)(to, alignment, size);
    UNTIL(error != ENOMEM, size + alignment, error = next.posix_memalign(to, alignment, size));
    return error;
}

EXPORTED void *mmap(void *at, size_t length, int protection, int flags, int fd, off_t offset)
{
    if (__builtin_expect(!watch.allowance, 1))
        return BEHIND(mmap)(at, length, protection, flags, fd, offset);
    void *p = BEHIND(mmap)(at, length, protection, flags, fd, offset);
    if (p == MAP_FAILED && errno == ENOMEM && (flags & MAP_PRIVATE) && (protection & PROT_WRITE))
        UNTIL(p != MAP_FAILED, length, p = next.mmap(at, length, protection, flags, fd, offset));
    return p;
}

static size_t stack_of(const pthread_attr_t *attributes)
{
    pthread_attr_t usual;
    size_t size = 0;
    if (attributes) {
        pthread_attr_getstacksize(attributes, &size);
        return size;
    }
    if (pthread_getattr_default_np(&usual) == 0) {
        pthread_attr_getstacksize(&usual, &size);
        pthread_attr_destroy(&usual);
    }
    return size;
}

/* libc makes the stack of a thread by a mmap() of its own. */
EXPORTED int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *context)
{
    int error = BEHIND(pthread_create)(thread, attributes, start, context);
    if (__builtin_expect(!watch.allowance, 1))
        return error;
    UNTIL(error != EAGAIN, stack_of(attributes) + 65536,
          error = next.pthread_create(thread, attributes, start, context));
    return error;
}

EXPORTED void *mmap64(void *at, size_t length, int protection, int flags, int fd, off_t offset)
{
    return mmap(at, length, protection, flags, fd, offset);
}

#endif
