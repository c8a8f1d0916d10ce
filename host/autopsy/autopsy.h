/* An autopsy: has a process of its own find out what the evidence of a crash means, as that takes long and reads files
 * that the plugin's author has made. It is confined as a plugin is (sandbox = "strict"), has nothing of the shared
 * memory, and is not waited for. Host process.
 */
#ifndef AUTOPSY_H
#define AUTOPSY_H

#include <sys/types.h>

#include "crash_area.h"
#include "report.h"
#include "segment.h"

struct autopsy {
    pid_t pid; /* 0: none goes on */
    int fd;    /* readable when there is something to be heard; -1: none */
    struct report *report;
    size_t used; /* bytes of it that have come */
};

/* Forks it. 0 or -errno. */
int autopsy_start(struct autopsy *a, const struct crash_area *evidence, const struct segment *segment);

/* Takes what has come. 1: that was all. */
int autopsy_hear(struct autopsy *a);

enum autopsy_end { AUTOPSY_DONE, AUTOPSY_KILLED /* for want of memory, maybe: another one may find more */ };

/* Ends it, and gives what it has found so far: to free(), NULL: nothing. `*end` is how it has ended before, if it has.
 */
struct report *autopsy_end(struct autopsy *a, enum autopsy_end *end);

#endif
