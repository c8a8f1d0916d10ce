#include "usage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cgroup.h"
#include "cleanup.h"
#include "clock.h"

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

/* Of a file with lines "KEY: N kB"; UINT64_MAX: there is none. */
static uint64_t read_kib(const char *path, const char *key)
{
    AUTO_FILE FILE *f = fopen(path, "re");
    char line[128];
    size_t length = strlen(key);
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, key, length) == 0 && line[length] == ':')
            return strtoull(line + length + 1, NULL, 10) * 1024;
    return UINT64_MAX;
}

static uint64_t read_of(pid_t pid, const char *file, const char *key)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, file);
    uint64_t bytes = read_kib(path, key);
    return bytes == UINT64_MAX ? 0 : bytes;
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
    uint64_t machine = read_kib("/proc/meminfo", "MemAvailable"), group = cgroup_memory_left("");
    return group < machine ? group : machine;
}
