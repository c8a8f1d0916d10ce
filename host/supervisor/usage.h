/* Usage: what a process has used of the machine, as the kernel counts it. Any process that is ours to look at. */
#ifndef USAGE_H
#define USAGE_H

#include <stdint.h>
#include <sys/types.h>

/* CPU time of all its threads, ns; 0: it is gone. */
uint64_t usage_cpu_ns(pid_t pid);

/* Of its main thread: how often it got a core, and how long it could have run before but had none, ns: the third and
 * second field of /proc/PID/schedstat. */
struct usage_turns {
    uint64_t n, delay_ns;
};
struct usage_turns usage_turns(pid_t pid);

/* Memory of its own, bytes: Pss_Anon of /proc/PID/smaps_rollup, so what it shares with those that it was forked from,
 * or has forked, is divided among them, and frames are not counted. Takes the kernel a walk over its page tables. */
uint64_t usage_memory(pid_t pid);

/* Memory that could be had without swapping, bytes: MemAvailable of /proc/meminfo; UINT64_MAX: not known. */
uint64_t usage_memory_left(void);

#endif
