#include "waiting.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "tracing.h"

enum { SWITCH_NS = 10000 };

void slot_enter(struct slot *s, enum slot_state state)
{
    au64_store_relaxed(&s->since, clock_monotonic());
    au32_store_release(&s->state, state);
}

void slot_waited(struct slot *s, enum slot_state state, uint64_t ns)
{
    au64 *sum = state == SLOT_WAIT_INPUT    ? &s->wait_input_ns
                : state == SLOT_WAIT_MEMORY ? &s->wait_memory_ns
                : state == SLOT_WAIT_TURN   ? &s->wait_turn_ns
                                            : &s->wait_output_ns;
    au64_store_relaxed(sum, au64_relaxed(sum) + ns);
}

/* Waits whose delay is measured: one of so many, for all of them. */
enum { MEASURED_EACH = 4 };

void slot_watch_delays(struct slot *s)
{
    int fd = open("/proc/self/schedstat", O_RDONLY | O_CLOEXEC);
    s->schedstat = (uint32_t)(fd + 1);
}

/* How long this thread could have run, but had no core: second field. 0: it cannot be told. */
static uint64_t delay_ns(const struct slot *s)
{
    char text[96];
    ssize_t n = s->schedstat ? pread((int)s->schedstat - 1, text, sizeof text - 1, 0) : 0;
    text[n > 0 ? n : 0] = '\0';
    const char *second = strchr(text, ' ');
    return second ? strtoull(second, NULL, 10) : 0;
}

int slot_sleep(struct slot *s, enum slot_state state, struct event *e, uint32_t sequence, uint64_t deadline_ns)
{
    slot_enter(s, state);
    uint64_t start = au64_relaxed(&s->since);
    uint64_t call_since = au64_relaxed(&s->call_since);
    au64_store_relaxed(&s->call_since, 0); /* what others take is not time that the call takes */
    tracing_wait(s, state, start);
    int measured = start / 64 % MEASURED_EACH == 0; /* the clock's low bits are as good as dice */
    uint64_t delay = measured ? delay_ns(s) : 0;
    int woken = event_sleep(e, sequence, deadline_ns);
    uint64_t slept = clock_monotonic() - start;
    tracing_note(s, TRACE_WAITED, 0, 0);
    slot_waited(s, state, slept);
    if (measured)
        au64_store_relaxed(&s->sleep_delay_ns,
                           au64_relaxed(&s->sleep_delay_ns) + MEASURED_EACH * (delay_ns(s) - delay));
    slot_enter(s, SLOT_BUSY);
    if (call_since)
        au64_store_relaxed(&s->call_since, call_since + slept);
    return woken;
}

/* The host sets the command, then sends SIGUSR2, which is blocked but for this ppoll(): so none is missed. */
void slot_pause(struct slot *s)
{
    sigset_t mask;
    if (slot_command(s) != SLOT_PAUSE)
        return;
    sigprocmask(SIG_BLOCK, NULL, &mask);
    sigdelset(&mask, SIGUSR2);
    slot_enter(s, SLOT_WAIT_INPUT);
    uint64_t start = au64_relaxed(&s->since);
    tracing_wait(s, SLOT_WAIT_INPUT, start);
    while (slot_command(s) == SLOT_PAUSE)
        ppoll(NULL, 0, NULL, &mask);
    tracing_note(s, TRACE_WAITED, 0, 0);
    slot_waited(s, SLOT_WAIT_INPUT, clock_monotonic() - start);
    slot_enter(s, SLOT_BUSY);
}

void patience_begin(struct patience *p, const struct patience_limits *limits)
{
    p->spins = au32_relaxed(&limits->spins);
    p->yield_ns = au32_relaxed(&limits->yield_ns);
    p->begin = p->now = clock_monotonic();
    p->delay_ns = 0;
}

int patience_lasts(struct patience *p)
{
    if (p->spins > 0) {
        cpu_relax();
        return --p->spins > 0;
    }
    if (p->yield_ns == 0)
        return 0;
    uint64_t before = p->now;
    sched_yield();
    p->now = clock_monotonic();
    int switched = p->now - before >= SWITCH_NS; /* another had the core, and we were ready all the while */
    p->delay_ns += switched ? p->now - before : 0;
    return !switched && p->now - p->begin < p->yield_ns;
}

void patience_end(const struct patience *p, struct slot *s, enum slot_state state)
{
    tracing_wait(s, state, p->begin);
    tracing_note(s, TRACE_WAITED, 0, 0);
    slot_waited(s, state, clock_monotonic() - p->begin);
    if (p->delay_ns)
        au64_store_relaxed(&s->sleep_delay_ns, au64_relaxed(&s->sleep_delay_ns) + p->delay_ns);
}
