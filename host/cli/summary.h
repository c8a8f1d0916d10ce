/* What came of a run: a table of the stages, and lines for what the table cannot say. Pure. */
#ifndef SUMMARY_H
#define SUMMARY_H

#include <stdio.h>

#include "supervisor.h"

enum { SUMMARY_REASON_MAX = 512 };

struct summary {
    const struct pipeline *pipeline;
    struct snapshot last;
    enum outcome outcome;
    char reason[SUMMARY_REASON_MAX]; /* the supervisor's; may be empty */
};

/* For people. The table is `width` columns wide if names and numbers allow it: columns of zeros are left out, and
 * digits that hardly count. */
void summary_print(const struct summary *s, size_t width, FILE *out);

/* One JSON object and a newline; its fields are in micropipe(1). 0, -ENOMEM, or -EIO: it could not be written. */
int summary_print_json(const struct summary *s, FILE *out);

/* What a stage did: frames in a second of the whole run, and how many workers it had when all was well. */
double summary_frames_per_second(const struct summary *s, uint32_t stage);
uint32_t summary_workers(const struct summary *s, uint32_t stage);

/* Dead letters of all stages. */
uint64_t summary_dead(const struct summary *s);

#endif
