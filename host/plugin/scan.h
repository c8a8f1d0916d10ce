/* Describes the processors of one plugin without ever running its code in this process.
 *
 * Host process only. A throw-away child loads the plugin and sends what it found over a pipe. It may crash, hang, exit,
 * print, flood or lie: it is in a process group of its own with limits of its own, is killed when the time is over, and
 * each byte that it sends is checked. It dies with the host.
 */
#ifndef SCAN_H
#define SCAN_H

#include <stdint.h>

#include "description.h"

/* What became of a scan: either the processors, or a problem. */
struct scan {
    struct processor_description **processors;
    uint32_t n_processors; /* 0 if there is a problem */
    char *problem;         /* one sentence, and what to do */
    int shortage;          /* errno of what the machine lacked, if that is the problem; else 0 */
};

/* `file`: absolute. 0: *out is filled in, and the caller's; -ENOMEM. Takes at most limit_ns, and little more. */
int scan_file(const char *file, uint64_t limit_ns, struct scan *out);

void scan_clear(struct scan *s);

#endif
