#include "usage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cgroup.h"
#include "cleanup.h"
#include "clock.h"
#include "kernel_figure.h"

uint64_t usage_cpu_ns(pid_t pid)
{
    clockid_t id;
    struct timespec t;
    if (clock_getcpuclockid(pid, &id) != 0 || clock_gettime(id, &t) != 0)
        return 0;
    return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

uint64_t usage_delay_ns(pid_t pid)
{
    char path[64];
    char line[96];
    snprintf(path, sizeof path, "/proc/%d/schedstat", (int)pid);
    AUTO_FILE FILE *f = fopen(path, "re");
    const char *second = f && fgets(line, sizeof line, f) ? strchr(line, ' ') : NULL;
    return second ? strtoull(second, NULL, 10) : 0;
}

/* Of a file with lines "KEY: N kB"; 0: it is gone. */
static uint64_t read_of(pid_t pid, const char *file, const char *key)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, file);
    return kernel_figure(path, key, 0) * 1024;
}

uint64_t usage_memory(pid_t pid)
{
    return read_of(pid, "smaps_rollup", "Pss_Anon");
}

uint64_t usage_data(pid_t pid)
{
    return read_of(pid, "status", "VmData");
}

uint64_t usage_anonymous(pid_t pid)
{
    return read_of(pid, "smaps_rollup", "Anonymous");
}

uint64_t usage_memory_left(void)
{
    uint64_t kib = kernel_figure("/proc/meminfo", "MemAvailable", UINT64_MAX), group = cgroup_memory_left("");
    uint64_t machine = kib < UINT64_MAX / 1024 ? kib * 1024 : UINT64_MAX;
    return group < machine ? group : machine;
}
