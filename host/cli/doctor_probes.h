/* What micropipe doctor looks at. Each probe tries the thing itself rather than asking for a version: a kernel may be
 * new and a container forbid it. None leaves anything behind. `f` comes with its name set, as VERDICT_OK.
 */
#ifndef DOCTOR_PROBES_H
#define DOCTOR_PROBES_H

#include "finding.h"

/* probe_kernel.c */
void probe_kernel(struct finding *f);
void probe_event_loop(struct finding *f);
void probe_pidfd(struct finding *f);
void probe_subreaper(struct finding *f);
void probe_futex(struct finding *f);
void probe_seccomp(struct finding *f);
void probe_landlock(struct finding *f);

/* probe_memory.c */
void probe_shared_memory(struct finding *f);
void probe_sealing(struct finding *f);
void probe_populate(struct finding *f);
void probe_huge_page_pool(struct finding *f);
void probe_transparent_huge_pages(struct finding *f);
void probe_free_memory(struct finding *f);
void probe_private_memory(struct finding *f);

/* probe_limits.c */
void probe_processors(struct finding *f);
void probe_open_files(struct finding *f);
void probe_processes(struct finding *f);
void probe_stack(struct finding *f);
void probe_locked_memory(struct finding *f);
void probe_cgroup(struct finding *f);

#endif
