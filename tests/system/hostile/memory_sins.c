/* Sins against memory: the pipeline's, and its own. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sins.h"

#define SIN(name) static mpipe_status name(const mpipe_host *host, const mpipe_io *io, mpipe_frame *frame)
#define UNUSED (void)host, (void)io, (void)frame

enum { PARTS_MAX = 64 };

/* A part of the segment, as /proc/self/maps lists it. */
struct part {
    uint8_t *from, *to;
    int writable;
};

static int find_segment(struct part *parts)
{
    char line[512], mode[8];
    FILE *f = fopen("/proc/self/maps", "r");
    int n = 0;
    while (f && n < PARTS_MAX && fgets(line, sizeof line, f)) {
        uintptr_t from, to;
        if (!strstr(line, "micropipe (deleted)") || strstr(line, "/bin/") ||
            sscanf(line, "%lx-%lx %4s", &from, &to, mode) != 3 || mode[3] != 's')
            continue;
        parts[n++] = (struct part){(uint8_t *)from, (uint8_t *)to, mode[1] == 'w'};
    }
    if (f)
        fclose(f);
    return n;
}

/* The first byte of each part that is not its own to write: journals, rings and frames of others. */
SIN(scribble_foreign)
{
    UNUSED;
    struct part parts[PARTS_MAX];
    int n = find_segment(parts);
    for (int i = 0; i < n; i++)
        if (!parts[i].writable)
            memset(parts[i].from, 0xa5, (size_t)(parts[i].to - parts[i].from));
    return MPIPE_OK;
}

SIN(scribble_in_load)
{
    UNUSED;
    struct part parts[PARTS_MAX];
    int n = find_segment(parts);
    for (int i = 0; i < n; i++)
        memset(parts[i].from, 0xa5, (size_t)(parts[i].to - parts[i].from));
    return MPIPE_OK;
}

/* What it may write to, in the order of the segment. */
enum { PART_TABLES, PART_JOURNAL, PART_FRAMES };

static void scribble_part(int which)
{
    struct part parts[PARTS_MAX];
    int n = find_segment(parts);
    for (int i = 0; i < n; i++)
        if (parts[i].writable && which-- == 0)
            memset(parts[i].from, 0xa5, (size_t)(parts[i].to - parts[i].from));
}

/* The table of spans, its ring, and that of the stage behind it. */
SIN(scribble_tables)
{
    UNUSED;
    scribble_part(PART_TABLES);
    return MPIPE_OK;
}

SIN(scribble_journal)
{
    UNUSED;
    scribble_part(PART_JOURNAL);
    return MPIPE_OK;
}

/* Its own, and those of the source. */
SIN(scribble_frames)
{
    UNUSED;
    scribble_part(PART_FRAMES);
    return MPIPE_OK;
}

/* Whatever it may write to. */
SIN(scribble_writable)
{
    UNUSED;
    struct part parts[PARTS_MAX];
    int n = find_segment(parts);
    for (int i = 0; i < n; i++)
        if (parts[i].writable)
            memset(parts[i].from, 0xa5, (size_t)(parts[i].to - parts[i].from));
    return MPIPE_OK;
}

SIN(unmap)
{
    UNUSED;
    struct part parts[PARTS_MAX];
    int n = find_segment(parts);
    for (int i = 0; i < n; i++)
        if (munmap(parts[i].from, (size_t)(parts[i].to - parts[i].from)) == 0)
            return MPIPE_FATAL;
    return MPIPE_OK;
}

static mpipe_status advise(int advice)
{
    struct part parts[PARTS_MAX];
    int n = find_segment(parts);
    for (int i = 0; i < n; i++)
        madvise(parts[i].from, (size_t)(parts[i].to - parts[i].from), advice);
    return MPIPE_OK;
}

SIN(punch_holes)
{
    UNUSED;
    return advise(MADV_REMOVE);
}

SIN(drop_pages)
{
    UNUSED;
    return advise(MADV_DONTNEED);
}

SIN(make_writable)
{
    UNUSED;
    struct part parts[PARTS_MAX];
    int n = find_segment(parts);
    for (int i = 0; i < n; i++)
        if (!parts[i].writable)
            mprotect(parts[i].from, (size_t)(parts[i].to - parts[i].from), PROT_READ | PROT_WRITE);
    return scribble_foreign(host, io, frame);
}

SIN(map_over)
{
    UNUSED;
    struct part parts[PARTS_MAX];
    int n = find_segment(parts);
    for (int i = 0; i < n; i++)
        if (mmap(parts[i].from, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) !=
            MAP_FAILED)
            return MPIPE_FATAL;
    return MPIPE_OK;
}

SIN(follow_null)
{
    UNUSED;
    static volatile uintptr_t nowhere;
    *(volatile int *)nowhere = 1; // NOLINT
    return MPIPE_OK;
}

static int deeper(volatile char *above)
{
    volatile char room[65536];
    room[0] = above ? *above : 1;
    if (room[0] == 0)
        return 0;
    return deeper(room) + room[0];
}

SIN(overflow_stack)
{
    UNUSED;
    return deeper(NULL) ? MPIPE_OK : MPIPE_RETRY;
}

SIN(want_too_much)
{
    UNUSED;
    volatile size_t all = (size_t)1 << 46;
    void *p = mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? MPIPE_OK : MPIPE_FATAL;
}

/* 64 bytes more than it asked for. */
SIN(write_past_end)
{
    (void)host, (void)frame;
    mpipe_frame *out = mpipe_create(io, 64, NULL);
    uint8_t *bytes = out && mpipe_resize(io, &out, 64) == MPIPE_OK ? mpipe_writable(io, &out) : NULL;
    if (!bytes)
        return MPIPE_NO_MEMORY;
    memset(bytes, 0xa5, 128);
    mpipe_drop(io, out);
    return MPIPE_OK;
}

SIN(hoard_frames)
{
    (void)host, (void)frame;
    while (mpipe_create(io, 1 << 16, NULL))
        ;
    return MPIPE_OK;
}

SIN(keep_it)
{
    (void)host;
    return mpipe_keep(io, frame);
}

SIN(emit_twice)
{
    (void)host;
    mpipe_emit(io, 0, frame);
    return mpipe_emit(io, 0, frame);
}

SIN(emit_forged)
{
    (void)host;
    mpipe_frame forged = *frame;
    forged.size = UINT64_MAX;
    return mpipe_emit(io, 0, &forged) == MPIPE_OK ? MPIPE_FATAL : MPIPE_OK;
}

SIN(emit_nothing)
{
    (void)host, (void)frame;
    return mpipe_emit(io, 0, NULL) == MPIPE_OK ? MPIPE_FATAL : MPIPE_OK;
}

SIN(emit_nowhere)
{
    (void)host;
    return mpipe_emit(io, 4000000000u, frame) == MPIPE_OK ? MPIPE_FATAL : MPIPE_OK;
}

SIN(lie)
{
    UNUSED;
    return 12345;
}

SIN(lie_below_zero)
{
    UNUSED;
    return -12345;
}

const struct sin memory_sins[] = {{"scribble_foreign", scribble_foreign},
                                  {"scribble_in_load", scribble_in_load},
                                  {"scribble_journal", scribble_journal},
                                  {"scribble_tables", scribble_tables},
                                  {"scribble_frames", scribble_frames},
                                  {"scribble_writable", scribble_writable},
                                  {"munmap", unmap},
                                  {"punch_holes", punch_holes},
                                  {"drop_pages", drop_pages},
                                  {"make_writable", make_writable},
                                  {"map_over", map_over},
                                  {"null", follow_null},
                                  {"overflow_stack", overflow_stack},
                                  {"want_too_much", want_too_much},
                                  {"write_past_end", write_past_end},
                                  {"hoard_frames", hoard_frames},
                                  {"keep", keep_it},
                                  {"emit_twice", emit_twice},
                                  {"emit_forged", emit_forged},
                                  {"emit_nothing", emit_nothing},
                                  {"emit_nowhere", emit_nowhere},
                                  {"lie", lie},
                                  {"lie_below_zero", lie_below_zero},
                                  {NULL, NULL}};
