/* Mistakes in a configuration, each with its place. */
#ifndef COMPLAINT_H
#define COMPLAINT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "position.h"

/* One mistake. */
struct complaint {
    char *file;        /* NULL for a one-line pipeline or an override: then `source` is that text, line is 0 */
    int line, column;  /* from 1, the column in bytes; column 0: unknown */
    char *message;     /* "stage 'resize': unknown option 'widht' (did you mean 'width'?)" */
    char *source;      /* the line, or of a long one what stands around the column; NULL: there is none to show */
    int source_column; /* as `column`, in `source` */
    uint32_t order;    /* of the line among all that were read */
    uint32_t found;    /* of the mistake among all of the list */
};

/* Zero is an empty list. */
struct complaints {
    struct complaint *list;
    size_t n;
    int shortage; /* 0, or the errno of what the machine lacked: it is no mistake of whoever wrote the configuration */
};

/* Adds one. Control characters in it become spaces: what stands in a file must not become commands to a terminal. */
__attribute__((format(printf, 3, 4))) void complaint_add(struct complaints *c, struct position at, const char *format,
                                                         ...);

/* Notes that one of them is for want of memory, descriptors, processes ...: the first counts. */
void complaint_shortage(struct complaints *c, int error);

/* By place; those of one place stay in the order in which they were found. */
void complaints_sort(struct complaints *c);

void complaints_clear(struct complaints *c);

/* Prints the line that it stands in, cut to what fits a terminal, and a caret below it; nothing if there is no line. */
void complaint_print_source(const struct complaint *c, FILE *to);

/* Prints each as "file:line:column: message", the source line and a caret. */
void complaints_print(const struct complaints *c, FILE *to);

#endif
