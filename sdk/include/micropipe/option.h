/* SPDX-License-Identifier: Apache-2.0
 *
 * A processor's options and ports, as tables: the host checks a configuration against them before any worker starts,
 * and prints them in `micropipe inspect`. Static data: the strings live as long as the plugin.
 */
#ifndef MICROPIPE_OPTION_H
#define MICROPIPE_OPTION_H

#include <stdint.h>

/* Types of an option. MPIPE_LIST is added to one of the others: a list of it. */
enum {
    MPIPE_BOOL = 1,   /* true or false */
    MPIPE_INT = 2,    /* 64 bits, signed */
    MPIPE_FLOAT = 3,  /* a double; an integer is taken too */
    MPIPE_STRING = 4, /* UTF-8 */
    MPIPE_CHOICE = 5, /* one of `choices`; read as text, or as its index with option_int() */
    MPIPE_SIZE = 6,   /* bytes: an integer, or text as "64K", "1.5M", "2G" (powers of 1,024) */
    MPIPE_TIME = 7,   /* nanoseconds: text as "250ms", "2s", "5m"; a plain number is seconds */
    MPIPE_PATH = 8,   /* a file or folder; relative ones start at the folder that micropipe was started in */
    MPIPE_LIST = 0x100
};

/* Flags of an option. */
enum {
    MPIPE_REQUIRED = 1,   /* there is no default: the configuration must set it */
    MPIPE_SECRET = 2,     /* never printed or logged */
    MPIPE_DEPRECATED = 4, /* still works; its doc says what to use instead */
    MPIPE_MUST_EXIST = 8  /* MPIPE_PATH: refused by the check unless it exists and can be read */
};

/* One option. Texts are configuration text, so exact for every type. NULL: none. */
typedef struct mpipe_option {
    const char *name;           /* [a-z][a-z0-9_]* */
    uint32_t type, flags;       /* MPIPE_BOOL ..., MPIPE_REQUIRED ... */
    const char *fallback;       /* default; a list: comma separated; NULL: the zero of the type, "" or an empty list */
    const char *min, *max;      /* inclusive; MPIPE_INT, FLOAT, SIZE, TIME */
    const char *unit;           /* as "bytes", "pixels", "%" */
    const char *const *choices; /* MPIPE_CHOICE; ends with NULL */
    const char *doc;            /* one sentence */
} mpipe_option;

/* Flags of a port. */
enum {
    MPIPE_PORT_OPTIONAL = 1 /* need not be connected */
};

/* One input or output port; its number is its place in the table. A processor without a table has one port, named
 * "in" or "out" (a source has no input). A table that holds only NULL: no port; no output makes a sink. */
typedef struct mpipe_port {
    const char *name, *doc; /* name: [a-z][a-z0-9_]* */
    uint32_t type, flags;   /* frame type that is taken or sent, MPIPE_BYTES: any */
} mpipe_port;

#endif
