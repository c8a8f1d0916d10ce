#include "cores.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cgroup.h"
#include "cleanup.h"
#include "clock.h"

static const double MEAN_S = 3; /* time constant */

/* So many of the set's processors, next to each other, from one on that differs between pipelines. */
static void choose(cpu_set_t *set, int n)
{
    int all = CPU_COUNT(set), first = (int)((uint32_t)getpid() / 2 * (uint32_t)n % (uint32_t)all), at = 0;
    cpu_set_t chosen;
    CPU_ZERO(&chosen);
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (!CPU_ISSET(cpu, set))
            continue;
        if ((at - first + all) % all < n)
            CPU_SET(cpu, &chosen);
        at++;
    }
    *set = chosen;
}

void cores_take(struct cores *c, uint32_t limit)
{
    struct cgroup_limits group;
    *c = (struct cores){0};
    if (sched_getaffinity(0, sizeof c->set, &c->set) != 0)
        CPU_SET(0, &c->set);
    if (limit > 0 && limit < (uint32_t)CPU_COUNT(&c->set)) {
        choose(&c->set, (int)limit);
        sched_setaffinity(0, sizeof c->set, &c->set);
    }
    c->budget = CPU_COUNT(&c->set);
    cgroup_limits_read("", &group);
    if (group.cpus > 0 && group.cpus < c->budget)
        c->budget = group.cpus;
}

/* Time that the set's processors were not idle: "cpuN user nice system idle iowait irq softirq steal", in ticks. Who is
 * nice makes room for us, unless we are so ourselves. */
static uint64_t busy_ns(const cpu_set_t *set)
{
    enum { USER, NICE, SYSTEM, IDLE, IOWAIT, IRQ, SOFTIRQ, STEAL, TIMES };
    int with_nice = getpriority(PRIO_PROCESS, 0) > 0;
    AUTO_FILE FILE *f = fopen("/proc/stat", "re");
    char line[512];
    uint64_t ticks = 0;
    while (f && fgets(line, sizeof line, f)) {
        char *at = line + strlen("cpu");
        if (strncmp(line, "cpu", strlen("cpu")) != 0 || !isdigit((unsigned char)*at))
            continue; /* the sum of all, or other things */
        unsigned long cpu = strtoul(at, &at, 10);
        if (cpu >= CPU_SETSIZE || !CPU_ISSET(cpu, set))
            continue;
        for (int i = 0; i < TIMES; i++) {
            uint64_t n = strtoull(at, &at, 10);
            ticks += i == IDLE || i == IOWAIT || (i == NICE && !with_nice) ? 0 : n;
        }
    }
    return ticks * (NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK));
}

double cores_available(struct cores *c, uint64_t ours_ns, uint64_t now_ns)
{
    uint64_t busy = busy_ns(&c->set);
    if (c->looked_at && now_ns > c->looked_at && busy >= c->busy_ns && ours_ns >= c->ours_ns) {
        double dt_ns = (double)(now_ns - c->looked_at), keep = exp(-dt_ns / (MEAN_S * (double)NS_PER_S));
        double others = fmax(0, (double)(busy - c->busy_ns) - (double)(ours_ns - c->ours_ns)) / dt_ns;
        c->others = c->others * keep + others * (1 - keep);
    }
    c->busy_ns = busy;
    c->ours_ns = ours_ns;
    c->looked_at = now_ns;
    return fmax(1, fmin(c->budget, CPU_COUNT(&c->set) - c->others));
}
