/* The limits that the control groups of this process set: its own and all above it, version 1 and 2. Read only. */
#ifndef CGROUP_H
#define CGROUP_H

#include <stdint.h>

struct cgroup_limits {
    uint64_t memory;     /* bytes; UINT64_MAX: no limit, as for the next two */
    uint64_t huge_pages; /* bytes of 2 MiB pages */
    uint64_t processes;
    double cpus; /* processors' worth of time; 0: no limit */
};

/* `root`: in front of /proc and of the mount points; "" but in tests. What cannot be read sets no limit. */
void cgroup_limits_read(const char *root, struct cgroup_limits *out);

/* Bytes that the processes of these groups may take together on top of what they have: the least of all that set a
 * limit; UINT64_MAX: none does. What the kernel can drop of cached files at once does not count. */
uint64_t cgroup_memory_left(const char *root);

#endif
