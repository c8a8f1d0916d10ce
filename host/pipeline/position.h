/* Where something was read. Points into the source, which outlives the tree that is made of it. */
#ifndef POSITION_H
#define POSITION_H

#include <stddef.h>
#include <stdint.h>

enum source_kind { SOURCE_FILE, SOURCE_ONE_LINE, SOURCE_OVERRIDE };

/* A line of a file, or a whole argument of the command line. */
struct source_line {
    enum source_kind kind;
    const char *file; /* NULL unless SOURCE_FILE */
    int number;       /* from 1; 0: the file as a whole, or an argument */
    uint32_t order;   /* among all lines that were read: mistakes are sorted by it */
    const char *text; /* not terminated; NULL: the file as a whole */
    size_t length;
};

struct position {
    const struct source_line *line;
    int column; /* byte, from 1; 0: no particular one */
};

#endif
