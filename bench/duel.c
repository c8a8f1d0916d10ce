#include "duel.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "atomic.h"
#include "clock.h"
#include "payload.h"

enum { ROUND_TRIPS = 20000, FIGHTERS_MAX = 2 * SIDE_WORKERS_MAX };

/* What one process found; a line each. */
struct finding {
    uint64_t sum, finished_ns;
    uint8_t pad[48];
};

/* Shared by the processes of a duel and the one that watches. */
struct ground {
    au32 ready, go;
    uint8_t pad0[56];
    au64 ball; /* the distance's line */
    uint8_t pad1[56];
    struct finding findings[FIGHTERS_MAX];
    uint32_t trips[RALLY_MAX];
};

struct duel_cpus duel_cpus(void)
{
    struct duel_cpus cpus = {-1, -1};
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0)
        return (struct duel_cpus){0, 0};
    for (int cpu = 0; cpu < CPU_SETSIZE && cpus.receiver < 0; cpu++)
        if (CPU_ISSET(cpu, &set))
            *(cpus.sender < 0 ? &cpus.sender : &cpus.receiver) = cpu;
    if (cpus.receiver < 0)
        cpus.receiver = cpus.sender;
    return cpus;
}

void duel_pin(int cpu)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    sched_setaffinity(0, sizeof set, &set);
}

static void wait_for_start(struct ground *g)
{
    __atomic_fetch_add(&g->ready.word, 1, __ATOMIC_ACQ_REL);
    while (!au32_acquire(&g->go))
        sched_yield();
}

static struct ground *ground_map(void)
{
    void *p = mmap(NULL, sizeof(struct ground), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

static uint64_t cpu_time(const struct rusage *u)
{
    return ((uint64_t)u->ru_utime.tv_sec + (uint64_t)u->ru_stime.tv_sec) * NS_PER_S +
           ((uint64_t)u->ru_utime.tv_usec + (uint64_t)u->ru_stime.tv_usec) * NS_PER_US;
}

struct verdict {
    uint64_t ns, cpu_ns; /* from start to the last finish; 0: one of them failed */
};

/* Waits until all are ready, starts them, and waits for their end. */
static struct verdict referee(struct ground *g, pid_t *pids, uint32_t n)
{
    struct verdict v = {0, 0};
    int ok = 1;
    for (uint32_t i = 0; i < n; i++)
        ok &= pids[i] > 0;
    while (ok && au32_acquire(&g->ready) < n)
        sched_yield();
    uint64_t start = clock_monotonic();
    au32_store_release(&g->go, 1);
    for (uint32_t i = 0; i < n; i++) {
        int status = 1;
        struct rusage usage = {0};
        pid_t pid = wait4(-1, &status, 0, &usage);
        v.cpu_ns += cpu_time(&usage);
        int failed = pid < 0 || status != 0;
        for (uint32_t k = 0; k < n; k++) {
            if (pids[k] == pid)
                pids[k] = -1;
            else if (failed && pids[k] > 0)
                kill(pids[k], SIGKILL); /* it might wait for the one that failed */
        }
        ok &= !failed;
    }
    uint64_t finish = start;
    for (uint32_t i = 0; i < n; i++)
        finish = g->findings[i].finished_ns > finish ? g->findings[i].finished_ns : finish;
    v.ns = ok ? finish - start : 0;
    return v;
}

static void fight(const struct way *way, void *shared, const struct load *load, struct ground *g, uint32_t who)
{
    struct finding *finding = &g->findings[who];
    int sends = who < load->senders;
    wait_for_start(g);
    if (load->is_rally)
        finding->sum = way->rally(shared, load, sends ? 0 : 1, g->trips);
    else if (sends)
        way->send(shared, load, who);
    else
        finding->sum = way->receive(shared, load, who - load->senders);
    finding->finished_ns = clock_monotonic();
    _exit(0);
}

static int compare_trips(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static void judge(struct duel_result *r, struct ground *g, const struct load *load, struct verdict v)
{
    uint64_t frames = load->frames * (load->is_rally ? 1 : load->senders);
    uint64_t expected = payload_sum_of_frames(load->frames, load->payload) * (load->is_rally ? 2 : load->senders);
    uint64_t sum = 0;
    for (uint32_t i = 0; i < load->senders + load->receivers; i++)
        sum += g->findings[i].sum;
    if (v.ns == 0 || sum != expected)
        return;
    r->rate = (double)frames * NS_PER_S / (double)v.ns;
    r->cpu_ns = (double)v.cpu_ns / (double)frames;
    if (load->is_rally) {
        qsort(g->trips, load->frames, sizeof *g->trips, compare_trips);
        r->trip_ns = g->trips[load->frames / 2];
        r->trip_p99_ns = g->trips[load->frames * 99 / 100];
    }
}

struct duel_result duel_run(const struct way *way, const struct load *load, struct duel_cpus cpus)
{
    struct duel_result result = {.rate = -1};
    struct ground *g = ground_map();
    void *shared = g ? way->open(load) : NULL;
    if (shared) {
        pid_t pids[FIGHTERS_MAX];
        uint32_t n = load->senders + load->receivers;
        fflush(NULL);
        for (uint32_t i = 0; i < n; i++) {
            if ((pids[i] = fork()) == 0) {
                duel_pin(i < load->senders ? cpus.sender : cpus.receiver);
                fight(way, shared, load, g, i);
            }
        }
        judge(&result, g, load, referee(g, pids, n));
        way->close(shared);
    }
    if (g)
        munmap(g, sizeof *g);
    return result;
}

/* Hands the ball on whenever it is on this side: even numbers are the sender's. */
static void play(struct ground *g, uint64_t side)
{
    for (uint64_t i = side; i < 2 * ROUND_TRIPS; i += 2) {
        while (au64_acquire(&g->ball) != i)
            cpu_relax();
        au64_store_release(&g->ball, i + 1);
    }
}

double duel_distance(struct duel_cpus cpus)
{
    struct ground *g = ground_map();
    pid_t pids[2];
    if (!g || cpus.sender == cpus.receiver)
        return 0;
    for (int side = 0; side < 2; side++) {
        if ((pids[side] = fork()) == 0) {
            duel_pin(side ? cpus.receiver : cpus.sender);
            wait_for_start(g);
            play(g, (uint64_t)side);
            g->findings[side].finished_ns = clock_monotonic();
            _exit(0);
        }
    }
    struct verdict v = referee(g, pids, 2);
    munmap(g, sizeof *g);
    return (double)v.ns / ROUND_TRIPS;
}
