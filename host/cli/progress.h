/* How far a run is, as one line: from snapshots that are shown to it, and a width. Pure; the screen is display.h's.
 *
 *     [#########-----------]  45 %  12 345 frames  3.4 k/s  0:42 left  2 dead letters
 */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <stddef.h>

#include "pipeline.h"
#include "snapshot.h"

enum { PROGRESS_SAMPLES = 8, PROGRESS_LINE_MAX = 256 };

/* What the sinks had taken at a time. */
struct progress_sample {
    uint64_t elapsed_ns, frames;
};

struct progress {
    const struct pipeline *pipeline;                  /* says which stages are sources and sinks */
    struct progress_sample samples[PROGRESS_SAMPLES]; /* the newest first */
    uint32_t n_samples;
};

void progress_init(struct progress *p, const struct pipeline *pipeline);

/* Takes note of a snapshot: the rate is that of the last second, or of the time between two notes if that is longer. */
void progress_note(struct progress *p, const struct snapshot *now);

/* With a bar, as above; or without one, and commas between the parts. */
enum progress_style { PROGRESS_BAR, PROGRESS_PLAIN };

/* Writes the line for the newest note, at most `width` columns and PROGRESS_LINE_MAX - 1 bytes: what matters least is
 * left out first. It is empty if nothing fits. */
void progress_line(const struct progress *p, const struct snapshot *now, enum progress_style style, size_t width,
                   char line[PROGRESS_LINE_MAX]);

#endif
