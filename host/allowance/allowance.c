#include "allowance.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "clock.h"

_Static_assert(sizeof(struct allowance) == 64, "a line each");

#define LONGEST_WAIT (20 * NS_PER_S) /* the host answers in far less: it lives, or its death is ours */

int allowances_create(struct allowances *a, uint32_t n)
{
    *a = (struct allowances){.n = n, .bell = -1};
    void *each = mmap(NULL, n * sizeof *a->each, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (each == MAP_FAILED)
        return -errno;
    a->each = each;
    a->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (a->bell >= 0)
        return 0;
    int error = -errno;
    allowances_destroy(a);
    return error;
}

void allowances_destroy(struct allowances *a)
{
    if (a->each)
        munmap(a->each, a->n * sizeof *a->each);
    if (a->bell >= 0)
        close(a->bell);
    *a = (struct allowances){.bell = -1};
}

enum allowance_answer allowance_ask(struct allowance *a, int bell, uint64_t bytes)
{
    const uint64_t one = 1;
    uint64_t deadline = clock_monotonic() + LONGEST_WAIT;
    au32_store_relaxed(&a->answer, ALLOWANCE_REFUSED);
    if (bell >= 0) {
        au64_store_release(&a->asked, bytes); /* A1: the host's look */
        if (write(bell, &one, sizeof one) < 0)
            errno = 0; /* it is rung already, or the plugin has closed it: then the host looks half a second later */
        uint32_t sequence;
        do
            sequence = au32_acquire(&a->answered.sequence);
        while (au64_acquire(&a->asked) != 0 && /* A2: allowance_give() */
               event_sleep(&a->answered, sequence, deadline));
        au64_store_relaxed(&a->asked, 0);
    }
    enum allowance_answer answer = au32_relaxed(&a->answer);
    if (answer == ALLOWANCE_REFUSED)
        au64_store_relaxed(&a->refused, bytes);
    return answer;
}

void allowance_took(struct allowance *a)
{
    au32_store_release(&a->taken, 1); /* A3: books_look() */
}

uint64_t allowance_asked(const struct allowance *a)
{
    return au64_acquire(&a->asked); /* A1 */
}

void allowance_give(struct allowance *a, enum allowance_answer answer)
{
    au32_store_relaxed(&a->answer, answer);
    au32_store_relaxed(&a->taken, 0);
    au64_store_release(&a->asked, 0); /* A2 */
    event_wake_slow(&a->answered, INT32_MAX);
}

int allowance_holds(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) /* these map terabytes */
    return 0;
#else
    struct rlimit before = {RLIM_INFINITY, RLIM_INFINITY}, little;
    const size_t size = 1 << 20;
    getrlimit(RLIMIT_DATA, &before);
    little = before;
    little.rlim_cur = size / 2;
    if (setrlimit(RLIMIT_DATA, &little) != 0) /* it may never have had as much */
        return 0;
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    setrlimit(RLIMIT_DATA, &before);
    if (p == MAP_FAILED)
        return 1;
    munmap(p, size);
    return 0;
#endif
}

void allowance_limit(uint64_t bytes)
{
    struct rlimit r = {RLIM_INFINITY, RLIM_INFINITY};
    getrlimit(RLIMIT_DATA, &r);
    r.rlim_cur = bytes < r.rlim_max ? bytes : r.rlim_max;
    setrlimit(RLIMIT_DATA, &r);
}
