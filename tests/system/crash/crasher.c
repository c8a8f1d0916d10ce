/* A processor that dies of each frame, in another way of another function: what is to be seen in the reports. A line on
 * which it may die ends with "dies:" and the name of its function. */
#include <micropipe/micropipe.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "crasher.h"

#define DEEP __attribute__((noinline, noclone))

static volatile int *nowhere;
static volatile int zero;
static const char constant[] = "constant";

DEEP static int write_to_null(int value)
{
    *nowhere = value; /* dies: write_to_null */
    return value + *nowhere;
}

DEEP static int write_to_constant(int value)
{
    *(volatile char *)(uintptr_t)constant = (char)value; /* dies: write_to_constant */
    return value;
}

DEEP static int divide(int value)
{
#if defined(__x86_64__)
    return value / zero; /* dies: divide */
#else
    raise(SIGFPE); /* dies: divide */
    return value;
#endif
}

DEEP static int trap(int value)
{
    if (value >= 0)
        __builtin_trap(); /* dies: trap */
    return value;
}

DEEP static int give_up(int value)
{
    if (value >= 0)
        abort(); /* dies: give_up */
    return value;
}

DEEP static int measure(int value)
{
    return value + (int)strlen((const char *)(uintptr_t)(8 + zero)); /* dies: measure */
}

DEEP static int call_nothing(int value)
{
    int (*volatile function)(int) = NULL;
    return function(value) + 1; /* dies: call_nothing */
}

DEEP static int overflow(int value) /* dies: overflow */
{
    volatile char room[256];        /* dies: overflow */
    room[value & 255] = (char)zero; /* dies: overflow */
    if (value == -1)
        return 0;
    return overflow(value + 1) + room[value & 127]; /* dies: overflow */
}

DEEP static int read_beyond(int value)
{
    FILE *empty = tmpfile();
    int fd = empty ? fileno(empty) : -1;
    volatile char *at = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
    return value + *at; /* dies: read_beyond */
}

__attribute__((always_inline)) static inline int write_inlined(int value)
{
    nowhere[1] = value; /* dies: write_inlined */
    return value;
}

DEEP static int around_inlined(int value)
{
    return write_inlined(value) + 1;
}

static void *die_in_thread(void *argument)
{
    *nowhere = *(const int *)argument; /* dies: die_in_thread */
    return NULL;
}

DEEP static int run_thread(int value)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, die_in_thread, &value) == 0)
        pthread_join(thread, NULL);
    return value;
}

DEEP static int raise_sys(int value)
{
    return value + raise(SIGSYS); /* dies: raise_sys */
}

DEEP static int step_0(int value)
{
    nowhere[2] = value; /* dies: step_0 */
    return value;
}

/* Names that differ in their number alone. */
#define STEP(n, before)                  \
    DEEP static int step_##n(int value)  \
    {                                    \
        return step_##before(value) + 1; \
    }
STEP(1, 0)
STEP(2, 1)
STEP(3, 2)
STEP(4, 3)
STEP(5, 4)
STEP(6, 5)
STEP(7, 6)
STEP(8, 7)
STEP(9, 8)
STEP(10, 9)
STEP(11, 10)
STEP(12, 11)
STEP(13, 12)
STEP(14, 13)

static int (*const ways[])(int) = {write_to_null, write_to_constant, divide,        trap,        give_up,
                                   measure,       call_nothing,      overflow,      read_beyond, around_inlined,
                                   run_thread,    raise_sys,         crasher_throw, step_14};

DEEP static int choose(uint64_t sequence)
{
    return ways[sequence % (sizeof ways / sizeof *ways)]((int)sequence) + 1;
}

static mpipe_status fault_process(void *self, const mpipe_io *io, mpipe_frame *frame)
{
    (void)self;
    return choose(frame->sequence) == 0 ? MPIPE_OK : mpipe_emit(io, 0, frame);
}

static const mpipe_processor fault = {
    MPIPE_PROCESSOR,          .flags = MPIPE_STATELESS,
    .name = "fault",          .summary = "Dies of each frame, one way after the other",
    .process = fault_process,
};

/* Its own way with a crash: it exits. */
static void leave(int signal)
{
    (void)signal;
    _exit(3);
}

static mpipe_status handled_open(const mpipe_host *host, void *shared, void **self)
{
    (void)host, (void)shared, (void)self;
    struct sigaction sa = {.sa_handler = leave};
    sigaction(SIGSEGV, &sa, NULL);
    return MPIPE_OK;
}

static mpipe_status handled_process(void *self, const mpipe_io *io, mpipe_frame *frame)
{
    (void)self;
    write_to_null((int)frame->sequence);
    return mpipe_emit(io, 0, frame);
}

static mpipe_status loaded_load(const mpipe_host *host, void **shared)
{
    (void)shared;
    return handled_open(host, NULL, NULL);
}

static const mpipe_processor handled = {
    MPIPE_PROCESSOR,      .flags = MPIPE_STATELESS,   .name = "handled", .summary = "Has a handler from open()",
    .open = handled_open, .process = handled_process,
};

static const mpipe_processor loaded = {
    MPIPE_PROCESSOR,     .flags = MPIPE_STATELESS,   .name = "loaded", .summary = "Has a handler from load()",
    .load = loaded_load, .process = handled_process,
};

MPIPE_PLUGIN("crasher", "1.2.3", &fault, &handled, &loaded)
