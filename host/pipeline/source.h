/* The text of a configuration, its @include files put in place, and where each line of it came from.
 *
 * libconfig reads includes by itself, but relative to the folder that the program was started in, and tells of an
 * error only a line; so it is handed this text, in which every byte has a known place.
 */
#ifndef SOURCE_H
#define SOURCE_H

#include "complaint.h"
#include "position.h"
#include "region.h"

enum {
    SOURCE_BYTES_MAX = 1 << 20, /* of all files together */
    SOURCE_DEPTH_MAX = 10       /* of includes within includes */
};

/* Lives in the region that it was read into. Line i of `text` came from lines[i], at the same columns. */
struct source {
    char *text; /* terminated; ends with a newline */
    size_t length;
    struct source_line *lines;
    size_t n_lines;
};

/* Reads a file and what it includes; a relative name in an @include starts at the folder of the file that it stands in.
 * 0, or -EINVAL: `complaints` says why. */
int source_read(const char *file, struct region *region, struct complaints *complaints, struct source *out);

/* The text of an argument, as a source of one line. */
void source_from_argument(const char *text, enum source_kind kind, uint32_t order, struct region *region,
                          struct source *out);

#endif
