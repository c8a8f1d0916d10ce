/* A trace file: an array of JSON objects, one a line, of a bounded size, that is whole after every write: the bracket
 * that ends it is written each time, and overwritten by what comes next. So what was written is there and valid
 * whenever this process dies, and what was whole when the disk is full. Host process.
 */
#ifndef TRACE_FILE_H
#define TRACE_FILE_H

#include <stddef.h>
#include <stdint.h>

enum { TRACE_BUFFER = 64 * 1024, TRACE_LINE_MAX = 4096, TRACE_FILE_LEAST = 64 * 1024 };

/* Marks are few, and say what the rest does not: a part of the file is for them alone. */
enum trace_share { TRACE_OF_SPANS, TRACE_OF_MARKS };

struct trace_file {
    int fd;
    int error;           /* -errno of the first write that failed: nothing is written any more */
    int begun;           /* 1: there is an object, so the next one needs a comma */
    uint64_t limit;      /* of its size, bytes */
    uint64_t end;        /* where the next write goes: behind what is complete */
    uint64_t owed;       /* bytes that are kept back for the ends of spans */
    uint64_t dropped[2]; /* objects that there was no room for, by share */
    size_t used;
    char buffer[TRACE_BUFFER + TRACE_LINE_MAX];
};

/* Creates or empties it. 0 or -errno; -ESPIPE: it is no file that can be written to twice. */
int trace_file_open(struct trace_file *f, const char *path, uint64_t limit);

/* True once an object of spans was dropped: then all are, and this one is counted. Saves the work of making them. */
int trace_file_refuses(struct trace_file *f);

/* Adds one object, a text without a line break. Returns 1, or 0: it was dropped. `owes`: bytes of an object that must
 * have room later on, for trace_file_pay(). */
int trace_file_add(struct trace_file *f, enum trace_share share, const char *object, size_t size, uint64_t owes);

/* Adds an object that room was kept for. */
void trace_file_pay(struct trace_file *f, const char *object, size_t size, uint64_t owed);

/* Writes what was added. 0, or -errno of the first failure. */
int trace_file_flush(struct trace_file *f);

/* The same, for the last time. */
int trace_file_close(struct trace_file *f);

#endif
