#include "duel.h"

#include <sched.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "atomic.h"
#include "clock.h"

enum { ROUND_TRIPS = 20000 };

/* Shared by the two processes and the one that watches; a writer a line. */
struct arena_of_duel {
    au32 ready, go;
    uint8_t pad0[56];
    au64 ball; /* the distance's line */
    uint8_t pad1[56];
    uint64_t sum, finished_ns;
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

static void pin(int cpu)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    sched_setaffinity(0, sizeof set, &set);
}

static void wait_for_start(struct arena_of_duel *a)
{
    __atomic_fetch_add(&a->ready.word, 1, __ATOMIC_ACQ_REL);
    while (!au32_acquire(&a->go))
        sched_yield();
}

static uint64_t expected_sum(uint64_t frames)
{
    /* The sum over i of 8 i + 28, modulo 2 to the 64th like the receiver's. */
    uint64_t pairs = frames % 2 ? frames * ((frames - 1) / 2) : frames / 2 * (frames - 1);
    return FRAME_WORDS * pairs + frames * (FRAME_WORDS * (FRAME_WORDS - 1) / 2);
}

static struct arena_of_duel *map_arena(void)
{
    void *p = mmap(NULL, sizeof(struct arena_of_duel), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

/* Waits until both are ready, starts them, and waits for their end. Nanoseconds from start to finish, 0: one of them
 * failed. */
static uint64_t referee(struct arena_of_duel *a, const pid_t *pids)
{
    int ok = pids[0] > 0 && pids[1] > 0;
    while (ok && au32_acquire(&a->ready) < 2)
        sched_yield();
    uint64_t start = clock_monotonic();
    au32_store_release(&a->go, 1);
    for (int i = 0; i < 2; i++) {
        int status = 1;
        if (pids[i] > 0)
            waitpid(pids[i], &status, 0);
        ok &= status == 0;
    }
    return ok ? a->finished_ns - start : 0;
}

double duel_run(const struct way *way, struct duel_cpus cpus)
{
    struct arena_of_duel *a = map_arena();
    void *shared = a ? way->open() : NULL;
    double rate = -1;
    if (shared) {
        pid_t pids[2];
        fflush(NULL);
        if ((pids[0] = fork()) == 0) {
            pin(cpus.sender);
            wait_for_start(a);
            way->send(shared, way->frames);
            _exit(0);
        }
        if ((pids[1] = fork()) == 0) {
            pin(cpus.receiver);
            wait_for_start(a);
            a->sum = way->receive(shared, way->frames);
            a->finished_ns = clock_monotonic();
            _exit(0);
        }
        uint64_t ns = referee(a, pids);
        if (ns && a->sum == expected_sum(way->frames))
            rate = (double)way->frames * NS_PER_S / (double)ns;
        way->close(shared);
    }
    if (a)
        munmap(a, sizeof *a);
    return rate;
}

/* Hands the ball on whenever it is on this side: even numbers are the sender's. */
static void play(struct arena_of_duel *a, uint64_t side)
{
    for (uint64_t i = side; i < 2 * ROUND_TRIPS; i += 2) {
        while (au64_acquire(&a->ball) != i)
            cpu_relax();
        au64_store_release(&a->ball, i + 1);
    }
}

double duel_distance(struct duel_cpus cpus)
{
    struct arena_of_duel *a = map_arena();
    pid_t pids[2];
    if (!a || cpus.sender == cpus.receiver)
        return 0;
    for (int side = 0; side < 2; side++) {
        if ((pids[side] = fork()) == 0) {
            pin(side ? cpus.receiver : cpus.sender);
            wait_for_start(a);
            play(a, (uint64_t)side);
            if (side)
                a->finished_ns = clock_monotonic();
            _exit(0);
        }
    }
    uint64_t ns = referee(a, pids);
    munmap(a, sizeof *a);
    return (double)ns / ROUND_TRIPS;
}
