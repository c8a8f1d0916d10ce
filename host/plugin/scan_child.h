/* The scanner's child: loads one plugin and writes records to a pipe. Only for scan.c.
 *
 *     u32 type, u32 length, bytes    in native byte order
 */
#ifndef SCAN_CHILD_H
#define SCAN_CHILD_H

#include <stdint.h>
#include <sys/types.h>

/* Records, in the order in which they come. */
enum scan_record {
    SCAN_LOADING = 1,   /* no bytes: about to run constructors */
    SCAN_ASKING = 2,    /* no bytes: about to call the exported function */
    SCAN_REFUSED = 3,   /* a text: why not; the last */
    SCAN_DESCRIBED = 4, /* see wire.h; the last */
    SCAN_SHORT = 5      /* an i32, the errno of what the machine lacked, then a text; the last */
};

struct scan_header {
    uint32_t type, length;
};

/* What the child needs of its parent. */
struct scan_task {
    const char *file;
    int answer; /* write end of the pipe for the records */
    int output; /* write end of the pipe for all that it prints */
    pid_t parent;
    uint64_t limit_ns;
};

/* In the child, right after fork; never returns. */
__attribute__((noreturn)) void scan_child(const struct scan_task *task);

#endif
