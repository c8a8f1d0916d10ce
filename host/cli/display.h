/* The progress of a run on the screen: a line that is drawn again and again on a terminal, a line every ten seconds
 * elsewhere.
 *
 * Log lines of all processes go to the same terminal: each clears the line first (log.h), and the next tick draws it
 * again below.
 */
#ifndef DISPLAY_H
#define DISPLAY_H

#include "outlet.h"
#include "progress.h"
#include "supervisor.h"

enum display_kind { DISPLAY_NONE, DISPLAY_LINES, DISPLAY_REDRAWN };

struct display {
    struct progress progress;
    enum display_kind kind;
    int fd;
    struct outlet outlet;
};

/* What suits the file: a terminal, or something else. */
enum display_kind display_kind_for(int fd);

/* Columns of a terminal; 100 if it is none: then nothing limits them but who reads it. */
size_t display_columns(int fd);

void display_init(struct display *d, int fd, enum display_kind kind, const struct pipeline *pipeline);

/* The hooks that keep it up to date; *d must outlive the run. */
struct supervisor_hooks display_hooks(struct display *d);

/* Takes the line away. */
void display_end(struct display *d);

#endif
