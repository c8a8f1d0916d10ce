/* The pages under the arena: one anonymous, sealed, shared mapping, on the largest pages that can be had.
 *
 * Made by the host before the first fork; every process of the pipeline inherits it at the same address. Nothing has a
 * name in a file system, and the descriptor is closed at once: when the last process is gone, so are the pages.
 *
 * Ladder: hugetlb 2 MiB, then shmem collapsed to transparent huge pages, then 4 KiB pages. A rung is taken only whole:
 * every page of it exists before it is used, so running out of memory is an error here and never a SIGBUS later.
 */
#ifndef BACKING_H
#define BACKING_H

#include <stdint.h>

enum { HUGE_PAGE_SIZE = 2 * 1024 * 1024 };

enum backing_want { BACKING_TRY_HUGE, BACKING_REQUIRE_HUGE, BACKING_NO_HUGE };
enum backing_kind { BACKING_HUGETLB, BACKING_TRANSPARENT, BACKING_SMALL };

struct backing {
    uint8_t *base; /* aligned to 2 MiB */
    uint64_t size; /* bytes: a multiple of 2 MiB */
    int fd;        /* -1 once filled */
    enum backing_want want;
    enum backing_kind kind;
    uint32_t huge_percent; /* share of the mapping on huge pages, as the kernel reports it */
    char report[320];      /* one line: what was asked, what was got, why, and the command that would fix it */
};

/* Reserves the address range and decides between hugetlb and shmem; touches nothing else yet. 0, or -errno with
 * `report` saying what to do: BACKING_REQUIRE_HUGE and the pool is too small (-ENOSPC), or no memfd at all. */
int backing_create(struct backing *b, uint64_t size, enum backing_want want);

/* Makes every page exist, seals the memory, closes the descriptor, and writes the report. After the stage servers were
 * forked, so that both go on at once; before the first byte is used. 0, or -errno with `report`: -ENOSPC or -ENOMEM:
 * not enough memory. */
int backing_fill(struct backing *b);

/* Unmaps. Accepts a backing that was never made (base NULL). */
void backing_destroy(struct backing *b);

#endif
