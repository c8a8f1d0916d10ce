/* Atomic words for shared memory: one-field structs, so that they cannot be used without naming an order, and so that
 * the same header compiles as C11 and as C++ (whose _Atomic differs).
 *
 * Every acquire names its release by a label in the comment. seq_cst is used in one place, base/event.h, where a store
 * must come before a load of another word.
 */
#ifndef ATOMIC_H
#define ATOMIC_H

#include <stdint.h>

typedef struct {
    uint64_t word;
} au64;

typedef struct {
    uint32_t word;
} au32;

static inline uint64_t au64_relaxed(const au64 *a)
{
    return __atomic_load_n(&a->word, __ATOMIC_RELAXED);
}

static inline uint64_t au64_acquire(const au64 *a)
{
    return __atomic_load_n(&a->word, __ATOMIC_ACQUIRE);
}

static inline void au64_store_relaxed(au64 *a, uint64_t value)
{
    __atomic_store_n(&a->word, value, __ATOMIC_RELAXED);
}

static inline void au64_store_release(au64 *a, uint64_t value)
{
    __atomic_store_n(&a->word, value, __ATOMIC_RELEASE);
}

/* True if *a was `expected` and is `desired` now. Acquire and release on success; on failure *expected is what was
 * found. */
/* NOLINTNEXTLINE(readability-non-const-parameter): the built-in writes to it */
static inline int au64_swap_if(au64 *a, uint64_t *expected, uint64_t desired)
{
    return __atomic_compare_exchange_n(&a->word, expected, desired, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

/* A look at a word in memory that is another's now, who may use it for something else: a hint, to be looked at again
 * once the memory is ours. Not for the thread sanitizer, which is right to call it a race. */
__attribute__((no_sanitize("thread"))) static inline uint64_t au64_hint(const au64 *a)
{
    return __atomic_load_n(&a->word, __ATOMIC_RELAXED);
}

static inline uint32_t au32_relaxed(const au32 *a)
{
    return __atomic_load_n(&a->word, __ATOMIC_RELAXED);
}

static inline uint32_t au32_acquire(const au32 *a)
{
    return __atomic_load_n(&a->word, __ATOMIC_ACQUIRE);
}

static inline void au32_store_relaxed(au32 *a, uint32_t value)
{
    __atomic_store_n(&a->word, value, __ATOMIC_RELAXED);
}

/* Stores unless the value is there already. For a word of our own that mostly stays as it is: stores leave a core in
 * order, and those behind one to a line that has to come from afar take up room until it is here. */
static inline void au32_store_changed(au32 *a, uint32_t value)
{
    if (au32_relaxed(a) != value)
        au32_store_relaxed(a, value);
}

static inline void au32_store_release(au32 *a, uint32_t value)
{
    __atomic_store_n(&a->word, value, __ATOMIC_RELEASE);
}

/* As au64_swap_if(). */
/* NOLINTNEXTLINE(readability-non-const-parameter): the built-in writes to it */
static inline int au32_swap_if(au32 *a, uint32_t *expected, uint32_t desired)
{
    return __atomic_compare_exchange_n(&a->word, expected, desired, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

/* Keeps the compiler from moving stores across this line. Enough between stores that only this process and, after its
 * death, the host and the successor read: a kill stops at an instruction, and a reaped process has no store in flight.
 */
static inline void compiler_barrier(void)
{
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

/* Stores before it are seen by all before loads after it are made. The thread sanitizer does not model fences, so
 * whatever it looks after must hang on an acquire and a release besides; GCC says so with a warning. */
#if defined(__SANITIZE_THREAD__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wtsan"
#endif
static inline void full_fence(void)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}
#if defined(__SANITIZE_THREAD__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

static inline void cpu_relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* Asks for a cache line to be brought here, for this core alone to write to it. A hint: a bad address does no harm. */
static inline void prefetch_for_write(const void *line)
{
#if defined(__x86_64__)
    /* What __builtin_prefetch() gives for it only with -mprfchw; a processor without it takes it for a NOP. */
    __asm__ volatile("prefetchw %0" : : "m"(*(const char *)line));
#else
    __builtin_prefetch(line, 1);
#endif
}

#endif
