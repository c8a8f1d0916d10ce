/* A report: the frames of a backtrace, innermost first, with names as the debugging information has them. Plain data,
 * as the autopsy's process sends it.
 */
#ifndef REPORT_H
#define REPORT_H

#include <jansson.h>
#include <stdint.h>

enum { REPORT_FRAMES_MAX = 48, REPORT_NAME_MAX = 256, REPORT_FILE_MAX = 256, REPORT_MODULE_MAX = 112 };

/* "" and 0 is what is not known. */
struct report_frame {
    uint64_t address;
    uint64_t offset;  /* of the address in the module's file, as addr2line takes it */
    uint32_t line;    /* in `file` */
    uint32_t inlined; /* 1: into the next frame, which has the same address */
    char function[REPORT_NAME_MAX];
    char file[REPORT_FILE_MAX];
    char module[REPORT_MODULE_MAX];
};

struct report {
    uint32_t n;
    struct report_frame frames[];
};

/* In words: "parse (decode.c:123), image.so+0x12f3". */
void report_frame_describe(const struct report_frame *f, char *text, size_t size);

/* The first frame that is in that file, a plugin, by the last part of its path: what its author has to look at. NULL:
 * none is. */
const struct report_frame *report_culprit(const struct report *r, const char *plugin);

/* How many frames, from the i-th on, are the same call as the one before it, as they are in a recursion. */
uint32_t report_alike(const struct report *r, uint32_t i);

/* As an array; NULL: no memory. */
json_t *report_json(const struct report *r);

#endif
