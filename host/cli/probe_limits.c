#include "doctor_probes.h"

#include <inttypes.h>
#include <sched.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cgroup.h"
#include "stack.h"

enum { FILES_ADVISED = 4096, PROCESSES_ADVISED = 512 };

void probe_processors(struct finding *f)
{
    cpu_set_t set;
    struct cgroup_limits limits;
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    int usable = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 0;
    cgroup_limits_read("", &limits);
    finding_found(f, "%d of %ld may be used", usable, online);
    if (limits.cpus > 0 && limits.cpus < usable)
        finding_found(f, "%d of %ld may be used, for %.3g processors' worth of time", usable, online, limits.cpus);
    if (usable == 1 || (limits.cpus > 0 && limits.cpus < 2))
        finding_blame(f, VERDICT_WARN, "Stages cannot run side by side on less than two.");
}

/* "1024", "unlimited" */
static const char *limit_text(rlim_t limit, char *text, size_t size)
{
    if (limit == RLIM_INFINITY)
        return "unlimited";
    snprintf(text, size, "%" PRIu64, (uint64_t)limit);
    return text;
}

/* Reports a limit; warns and tells the ulimit to set if it is below what is advised. */
static void report_limit(struct finding *f, __rlimit_resource_t resource, rlim_t advised, const char *ulimit_option,
                         const char *meaning)
{
    struct rlimit r = {0, 0};
    char soft[32];
    char hard[32];
    getrlimit(resource, &r);
    finding_found(f, "%s, can be raised to %s", limit_text(r.rlim_cur, soft, sizeof soft),
                  limit_text(r.rlim_max, hard, sizeof hard));
    if (r.rlim_cur == r.rlim_max)
        finding_found(f, "%s", limit_text(r.rlim_cur, soft, sizeof soft));
    if (r.rlim_cur >= advised)
        return;
    finding_blame(f, VERDICT_WARN, meaning);
    finding_fix(f, "ulimit -%s %" PRIu64, ulimit_option, (uint64_t)advised);
}

void probe_open_files(struct finding *f)
{
    report_limit(f, RLIMIT_NOFILE, FILES_ADVISED / 4, "n",
                 "The host opens some files for each worker, and processors may open many.");
}

void probe_processes(struct finding *f)
{
    struct cgroup_limits limits;
    report_limit(f, RLIMIT_NPROC, PROCESSES_ADVISED, "u", "Each worker is a process.");
    cgroup_limits_read("", &limits);
    if (limits.processes >= PROCESSES_ADVISED)
        return;
    finding_found(f, "%" PRIu64 " in this control group", limits.processes);
    finding_blame(f, VERDICT_WARN, "Each worker is a process: raise pids.max, or start fewer.");
}

/* "8192 KiB", "unlimited" */
static const char *kibibytes_text(rlim_t limit, char *text, size_t size)
{
    if (limit == RLIM_INFINITY)
        return limit_text(limit, text, size);
    snprintf(text, size, "%" PRIu64 " KiB", (uint64_t)limit >> 10);
    return text;
}

void probe_stack(struct finding *f)
{
    struct rlimit r = {0, 0};
    char text[32];
    getrlimit(RLIMIT_STACK, &r);
    finding_found(f, "%s", kibibytes_text(r.rlim_cur, text, sizeof text));
    if (r.rlim_cur >= STACK_LEAST)
        return;
    finding_blame(f, VERDICT_MISSING, "The host and its workers need more.");
    finding_fix(f, "ulimit -s %d", STACK_LEAST >> 10);
}

void probe_locked_memory(struct finding *f)
{
    struct rlimit r = {0, 0};
    char text[32];
    getrlimit(RLIMIT_MEMLOCK, &r);
    finding_found(f, "%s; nothing needs it", kibibytes_text(r.rlim_cur, text, sizeof text));
}

/* " memory 512 MiB" */
static void append_bytes(char *text, size_t size, const char *what, uint64_t bytes)
{
    size_t used = strlen(text);
    if (bytes != UINT64_MAX)
        snprintf(text + used, size - used, "%s%s %" PRIu64 " MiB", used ? ", " : "", what, bytes >> 20);
}

void probe_cgroup(struct finding *f)
{
    struct cgroup_limits limits;
    char text[160] = "";
    cgroup_limits_read("", &limits);
    append_bytes(text, sizeof text, "memory", limits.memory);
    append_bytes(text, sizeof text, "huge pages", limits.huge_pages);
    size_t used = strlen(text);
    if (limits.cpus > 0)
        snprintf(text + used, sizeof text - used, "%sprocessors %.3g", used ? ", " : "", limits.cpus);
    used = strlen(text);
    if (limits.processes != UINT64_MAX)
        snprintf(text + used, sizeof text - used, "%sprocesses %" PRIu64, used ? ", " : "", limits.processes);
    finding_found(f, "%s", *text ? text : "no limit");
}
