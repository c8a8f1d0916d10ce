/* Probes for bpftrace, perf and systemtap (USDT): an instruction that does nothing until one of them is attached, and a
 * note in the program that says where, and where its arguments are. Built in if <sys/sdt.h> is there
 * (systemtap-sdt-dev); else nothing is left of them.
 *
 * Stages are given by their name, a text; workers by the number of their slot.
 */
#ifndef PROBES_H
#define PROBES_H

#if defined(__has_include)
#if __has_include(<sys/sdt.h>)
#include <sys/sdt.h>
#endif
#endif

#ifdef DTRACE_PROBE4
#define PROBE_CLAIM(stage, slot, frames, position) DTRACE_PROBE4(micropipe, claim, stage, slot, frames, position)
#define PROBE_COMMIT(stage, slot, frames, outputs) DTRACE_PROBE4(micropipe, commit, stage, slot, frames, outputs)
/* Host; `status` as of waitpid(). */
#define PROBE_DEATH(stage, worker, pid, status) DTRACE_PROBE4(micropipe, death, stage, worker, pid, status)
#define PROBE_SCALE(stage, from, to, why) DTRACE_PROBE4(micropipe, scale, stage, from, to, why)
#else
#define PROBE_CLAIM(stage, slot, frames, position) ((void)0)
#define PROBE_COMMIT(stage, slot, frames, outputs) ((void)0)
#define PROBE_DEATH(stage, worker, pid, status) ((void)0)
#define PROBE_SCALE(stage, from, to, why) ((void)0)
#endif

#endif
