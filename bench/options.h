/* What all benchmarks understand: [--quick] [--turns N] [--only PART]...
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdint.h>

struct options {
    uint32_t turns;
    double seconds; /* that one run of one way takes */
    const char *const *parts;
    uint64_t wanted; /* a bit for each part */
};

/* `parts` ends with NULL, 64 at most. 0, or -1: said on stderr. */
int options_parse(struct options *o, int argc, char *const *argv, const char *const *parts);

/* True if the part is to be run. */
int options_want(const struct options *o, const char *part);

#endif
