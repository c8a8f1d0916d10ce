#include "doctor_probes.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "allowance.h"
#include "cgroup.h"
#include "cleanup.h"
#include "kernel_figure.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25 /* Linux 6.1 */
#endif
#ifndef MFD_HUGE_2MB
#define MFD_HUGE_2MB (21u << 26)
#endif

static const size_t huge_page = (size_t)2 << 20;
static const uint64_t pages_advised = 256; /* 512 MiB: room for a pipeline as the examples have it */
static const uint64_t memory_advised = (uint64_t)1 << 30;
static const char pool_folder[] = "/sys/kernel/mm/hugepages/hugepages-2048kB";
static const char policy_file[] = "/sys/kernel/mm/transparent_hugepage/shmem_enabled";

/* A memfd of one huge page's size, mapped at a multiple of it; `base` is NULL if that failed, and errno says why. */
struct mapping {
    int fd;
    uint8_t *base;
    uint8_t *range; /* reserved, to find an aligned place in */
};

static void map_memfd(struct mapping *m, unsigned flags)
{
    *m = (struct mapping){-1, NULL, NULL};
    m->fd = memfd_create("micropipe-doctor", MFD_CLOEXEC | MFD_ALLOW_SEALING | flags);
    if (m->fd < 0 || ftruncate(m->fd, (off_t)huge_page) != 0 ||
        (flags & MFD_HUGETLB && fallocate(m->fd, 0, 0, (off_t)huge_page) != 0))
        return;
    uint8_t *range = mmap(NULL, 2 * huge_page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (range == MAP_FAILED)
        return;
    m->range = range;
    uint8_t *base = range + (huge_page - (uintptr_t)range % huge_page) % huge_page;
    if (mmap(base, huge_page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, m->fd, 0) != MAP_FAILED)
        m->base = base;
}

static void unmap(struct mapping *m)
{
    int error = errno;
    if (m->range)
        munmap(m->range, 2 * huge_page);
    cleanup_fd(&m->fd);
    errno = error;
}

void probe_shared_memory(struct finding *f)
{
    struct mapping m;
    map_memfd(&m, 0);
    unmap(&m);
    if (m.base) {
        finding_found(f, "memfd_create; nothing in /dev/shm is used");
        return;
    }
    finding_found(f, "memfd_create: %s", strerror(errno));
    finding_blame(f, VERDICT_MISSING,
                  "Frames are in such memory. It needs Linux 3.17, and a container that allows it.");
}

void probe_sealing(struct finding *f)
{
    struct mapping m;
    map_memfd(&m, 0);
    int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL;
    int works = m.base && fcntl(m.fd, F_ADD_SEALS, seals) == 0 && ftruncate(m.fd, 0) != 0 && m.base[0] == 0;
    unmap(&m);
    if (works) {
        finding_found(f, "F_SEAL_FUTURE_WRITE and others");
        return;
    }
    finding_found(f, "F_SEAL_FUTURE_WRITE: not available");
    finding_blame(f, VERDICT_WARN, "A processor gone wild could punch holes into shared memory. It needs Linux 5.1.");
}

void probe_populate(struct finding *f)
{
    struct mapping m;
    map_memfd(&m, 0);
    int works = m.base && madvise(m.base, huge_page, MADV_POPULATE_WRITE) == 0;
    unmap(&m);
    if (works) {
        finding_found(f, "MADV_POPULATE_WRITE");
        return;
    }
    finding_found(f, "MADV_POPULATE_WRITE: %s", strerror(errno));
    finding_blame(
        f, VERDICT_WARN,
        "Pages appear at first use: slower, and a limit of the control group shows late. It needs Linux 5.14.");
}

/* The number in a file; 0 if it cannot be read. */
static uint64_t read_number(const char *folder, const char *name)
{
    char path[256];
    char line[64] = "";
    snprintf(path, sizeof path, "%s/%s", folder, name);
    AUTO_FILE FILE *file = fopen(path, "re");
    return file && fgets(line, sizeof line, file) ? strtoull(line, NULL, 10) : 0;
}

void probe_huge_page_pool(struct finding *f)
{
    struct mapping m;
    uint64_t total = read_number(pool_folder, "nr_hugepages");
    uint64_t free_pages = read_number(pool_folder, "free_hugepages");
    finding_found(f, "%" PRIu64 " of %" PRIu64 " pages of 2 MiB are free", free_pages, total);
    map_memfd(&m, MFD_HUGETLB | MFD_HUGE_2MB);
    unmap(&m);
    if (m.base)
        return;
    finding_blame(f, VERDICT_WARN,
                  free_pages ? "None can be had all the same: look at the hugetlb limit of the control group."
                             : "A pipeline runs on other pages: start and the replacement of a worker are slower.");
    if (!free_pages)
        finding_fix(f, "sysctl -w vm.nr_hugepages=%" PRIu64, total + pages_advised);
}

/* The word in brackets: "always [advise] never". */
static void read_policy(char *policy, size_t size)
{
    char line[128] = "";
    AUTO_FILE FILE *file = fopen(policy_file, "re");
    snprintf(policy, size, "unknown");
    if (!file || !fgets(line, sizeof line, file))
        return;
    const char *start = strchr(line, '[');
    const char *end = start ? strchr(start, ']') : NULL;
    if (end)
        snprintf(policy, size, "%.*s", (int)(end - start - 1), start + 1);
}

void probe_transparent_huge_pages(struct finding *f)
{
    struct mapping m;
    char policy[32];
    read_policy(policy, sizeof policy);
    map_memfd(&m, 0);
    if (m.base)
        madvise(m.base, huge_page, MADV_HUGEPAGE);
    int works =
        m.base && madvise(m.base, 4096, MADV_POPULATE_WRITE) == 0 && madvise(m.base, huge_page, MADV_COLLAPSE) == 0;
    unmap(&m);
    if (works) {
        finding_found(f, "MADV_COLLAPSE (policy of shared memory: %s)", policy);
        return;
    }
    finding_found(f, "MADV_COLLAPSE: %s (policy of shared memory: %s)", strerror(errno), policy);
    finding_blame(f, VERDICT_WARN, "Without a pool, a pipeline runs on pages of 4 KiB. Making them needs Linux 6.1.");
    finding_fix(f, "echo advise > %s", policy_file);
}

void probe_free_memory(struct finding *f)
{
    struct cgroup_limits limits;
    uint64_t total = kernel_figure("/proc/meminfo", "MemTotal", 0) << 10;
    uint64_t available = kernel_figure("/proc/meminfo", "MemAvailable", 0) << 10;
    cgroup_limits_read("", &limits);
    finding_found(f, "%.1f GiB available of %.1f GiB", (double)available / 0x1p30, (double)total / 0x1p30);
    if (available >= memory_advised && limits.memory >= memory_advised)
        return;
    finding_blame(f, VERDICT_WARN,
                  limits.memory < memory_advised
                      ? "The control group allows less than 1 GiB: give the pipeline less, with 'memory'."
                      : "Less than 1 GiB: give the pipeline less, with its setting 'memory'.");
}

void probe_private_memory(struct finding *f)
{
    finding_found(f, "workers_memory is held by RLIMIT_DATA");
    if (allowance_holds())
        return;
    finding_found(f, "RLIMIT_DATA limits nothing");
    finding_blame(f, VERDICT_WARN,
                  "A pipeline with the setting 'workers_memory' does not start. The kernel was booted with "
                  "ignore_rlimit_data, or this program is one with a sanitizer.");
}
