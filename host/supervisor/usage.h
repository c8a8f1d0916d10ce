/* Usage: what a process has used of the machine, as the kernel counts it. Any process that is ours to look at. */
#ifndef USAGE_H
#define USAGE_H

#include <stdint.h>
#include <sys/types.h>

/* CPU time of all its threads, ns; 0: it is gone. */
uint64_t usage_cpu_ns(pid_t pid);

/* How long its main thread could have run but had no core, ns: second field of /proc/PID/schedstat. */
uint64_t usage_delay_ns(pid_t pid);

/* Memory of its own, bytes: Pss_Anon of /proc/PID/smaps_rollup, so what it shares with those that it was forked from,
 * or has forked, is divided among them, and frames are not counted. Takes the kernel a walk over its page tables. */
uint64_t usage_memory(pid_t pid);

/* Its data, bytes: what RLIMIT_DATA limits, so private memory that it may write to, touched or not; 0: it is gone. */
uint64_t usage_data(pid_t pid);

/* Anonymous memory that it has, bytes, also what it shares with those that it was forked from or has forked. */
uint64_t usage_anonymous(pid_t pid);

/* Memory that could be had without swapping, bytes: MemAvailable of /proc/meminfo, or what a control group's
 * limit has left if that is less; UINT64_MAX: not known. */
uint64_t usage_memory_left(void);

#endif
