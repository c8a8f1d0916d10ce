#include "backing.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cleanup.h"
#include "kernel_figure.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* Linux 5.14 */
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25 /* Linux 6.1 */
#endif
#ifndef MFD_HUGE_2MB
#define MFD_HUGE_2MB (21u << 26)
#endif

static uint64_t mib(uint64_t bytes)
{
    return bytes >> 20;
}

/* Free pages of the 2 MiB pool, whatever the default huge page size is; 0 if there is none. */
static uint64_t pool_free(void)
{
    AUTO_FILE FILE *f = fopen("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "re");
    char line[32];
    return f && fgets(line, sizeof line, f) ? strtoull(line, NULL, 10) : 0;
}

/* What the machine can still give, in bytes; UINT64_MAX if it does not say. To ask for more ends with the kernel
 * killing processes, ours or others, and not with an error. */
static uint64_t memory_available(void)
{
    uint64_t kib = kernel_figure("/proc/meminfo", "MemAvailable", UINT64_MAX);
    return kib < UINT64_MAX / 1024 ? kib * 1024 : UINT64_MAX;
}

/* A fully allocated hugetlb memfd, or -errno. A failed fallocate keeps the pages that it took until the descriptor is
 * closed, so it is closed here. */
static int open_hugetlb(uint64_t size)
{
    int fd = memfd_create("micropipe", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_HUGETLB | MFD_HUGE_2MB);
    if (fd < 0)
        return -errno;
    if (ftruncate(fd, (off_t)size) == 0 && fallocate(fd, 0, 0, (off_t)size) == 0)
        return fd;
    int error = errno;
    close(fd);
    return -error;
}

static int open_shmem(uint64_t size)
{
    if (size > memory_available())
        return -ENOMEM;
    int fd = memfd_create("micropipe", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return -errno;
    if (ftruncate(fd, (off_t)size) == 0)
        return fd;
    int error = errno;
    close(fd);
    return -error;
}

/* Maps the descriptor at an address that is a multiple of 2 MiB, with an unmapped guard of that size on both sides. */
static int map_aligned(struct backing *b)
{
    uint64_t room = b->size + 2 * (uint64_t)HUGE_PAGE_SIZE;
    uint8_t *range = mmap(NULL, room + HUGE_PAGE_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (range == MAP_FAILED)
        return -errno;
    uint64_t skip = (HUGE_PAGE_SIZE - (uint64_t)(uintptr_t)range % HUGE_PAGE_SIZE) % HUGE_PAGE_SIZE;
    uint8_t *base = range + skip + HUGE_PAGE_SIZE;
    if (mmap(base, b->size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, b->fd, 0) == MAP_FAILED) {
        int error = errno;
        munmap(range, room + HUGE_PAGE_SIZE);
        return -error;
    }
    b->base = base;
    return 0;
}

int backing_create(struct backing *b, uint64_t size, enum backing_want want)
{
    memset(b, 0, sizeof *b);
    b->size = (size + HUGE_PAGE_SIZE - 1) / HUGE_PAGE_SIZE * HUGE_PAGE_SIZE;
    b->want = want;
    b->kind = BACKING_SMALL;
    b->fd = want == BACKING_NO_HUGE ? -1 : open_hugetlb(b->size);
    if (b->fd >= 0) {
        b->kind = BACKING_HUGETLB;
    } else if (want == BACKING_REQUIRE_HUGE) {
        snprintf(b->report, sizeof b->report,
                 "memory %" PRIu64 " MiB: huge_pages = \"require\", but only %" PRIu64 " of %" PRIu64
                 " huge pages of 2 MiB are free (%s); fix: sysctl -w vm.nr_hugepages=%" PRIu64
                 ", or huge_pages = \"try\"",
                 mib(b->size), pool_free(), b->size / HUGE_PAGE_SIZE, strerror(-b->fd), b->size / HUGE_PAGE_SIZE);
        return b->fd;
    } else {
        b->fd = open_shmem(b->size);
    }
    int error = b->fd < 0 ? b->fd : map_aligned(b);
    if (error) {
        if (error == -ENOMEM)
            snprintf(b->report, sizeof b->report,
                     "memory %" PRIu64 " MiB: not to be had: %s, and %" PRIu64 " MiB are available; lower 'memory'",
                     mib(b->size), strerror(-error), mib(memory_available()));
        else
            snprintf(b->report, sizeof b->report, "memory %" PRIu64 " MiB: cannot be mapped: %s; lower 'memory'",
                     mib(b->size), strerror(-error));
        if (b->fd >= 0)
            close(b->fd);
        b->fd = -1;
        return error;
    }
    return 0;
}

/* Share of the mapping that is on huge pages, read back from the kernel: what madvise() returned says nothing. */
static uint32_t measure_huge_percent(const struct backing *b)
{
    AUTO_FILE FILE *f = fopen("/proc/self/smaps", "re");
    char line[256];
    char start[32];
    int inside = 0;
    uint64_t huge_kib = 0;
    snprintf(start, sizeof start, "%" PRIxPTR "-", (uintptr_t)b->base);
    while (f && fgets(line, sizeof line, f)) {
        uint64_t kib;
        if (strchr(line, '-') && line[0] != 'S' && strchr(line, ':') != NULL &&
            strncmp(line, start, strlen(start)) == 0)
            inside = 1;
        else if (inside && kernel_figure_in(line, "ShmemPmdMapped", &kib))
            huge_kib += kib;
        else if (inside && strncmp(line, "VmFlags:", 8) == 0)
            break;
    }
    return (uint32_t)(huge_kib * 1024 * 100 / b->size);
}

/* Shmem: one page in each 2 MiB, then ask the kernel to make each a huge page, which is 20 times faster than to fill it
 * with 4 KiB pages first. Then whatever is still missing. Each call fails cleanly where a store would be a SIGBUS. */
static int fill_shmem(const struct backing *b)
{
    if (b->want != BACKING_NO_HUGE) {
        madvise(b->base, b->size, MADV_HUGEPAGE);
        for (uint64_t at = 0; at < b->size; at += HUGE_PAGE_SIZE)
            if (madvise(b->base + at, 4096, MADV_POPULATE_WRITE) != 0 && errno != EINVAL)
                return -errno;
        madvise(b->base, b->size, MADV_COLLAPSE);
    }
    if (fallocate(b->fd, 0, 0, (off_t)b->size) != 0)
        return -errno;
    return 0;
}

static void write_report(struct backing *b)
{
    uint64_t pages = b->size / HUGE_PAGE_SIZE;
    if (b->kind == BACKING_HUGETLB)
        snprintf(b->report, sizeof b->report, "memory %" PRIu64 " MiB: huge pages (hugetlb, %" PRIu64 " of 2 MiB)",
                 mib(b->size), pages);
    else if (b->want == BACKING_NO_HUGE)
        snprintf(b->report, sizeof b->report, "memory %" PRIu64 " MiB: 4 KiB pages, as huge_pages = \"off\" asks",
                 mib(b->size));
    else
        snprintf(b->report, sizeof b->report,
                 "memory %" PRIu64 " MiB: asked for huge pages, got %s (%" PRIu32 " %% huge): the pool has %" PRIu64
                 " of %" PRIu64 " free; fix: sysctl -w vm.nr_hugepages=%" PRIu64,
                 mib(b->size), b->kind == BACKING_TRANSPARENT ? "transparent huge pages" : "4 KiB pages",
                 b->huge_percent, pool_free(), pages, pages);
}

int backing_fill(struct backing *b)
{
    int error = b->kind == BACKING_HUGETLB ? 0 : fill_shmem(b);
    /* Populating maps the pages into this process, and so proves that a limit of the cgroup does not bite at the first
     * touch. */
    if (!error && madvise(b->base, b->size, MADV_POPULATE_WRITE) != 0 && errno != EINVAL)
        error = -errno;
    if (error) {
        snprintf(b->report, sizeof b->report,
                 "memory %" PRIu64 " MiB: not to be had: %s; lower 'memory', or free some (see micropipe doctor)",
                 mib(b->size), strerror(-error));
        return error;
    }
    if (b->kind != BACKING_HUGETLB) {
        b->huge_percent = measure_huge_percent(b);
        b->kind = b->huge_percent >= 50 ? BACKING_TRANSPARENT : BACKING_SMALL;
    } else {
        b->huge_percent = 100;
    }
    /* Existing writable maps go on; nobody can shrink the file, punch holes into it, or map it anew for writing. */
    int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL;
    if (fcntl(b->fd, F_ADD_SEALS, seals) != 0)
        fcntl(b->fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
    close(b->fd);
    b->fd = -1;
    madvise(b->base, b->size, MADV_DONTDUMP);
    write_report(b);
    return 0;
}

void backing_destroy(struct backing *b)
{
    if (b->base)
        munmap(b->base - HUGE_PAGE_SIZE, b->size + 2 * (uint64_t)HUGE_PAGE_SIZE);
    if (b->fd >= 0 && b->base)
        close(b->fd);
    b->base = NULL;
    b->fd = -1;
}
