/* What text.lines reads: the files that a path names, or standard input. Found in load(), in the stage server, so that
 * every worker sees the same list, and inherits the descriptors of standard input. Immutable then; lives as long as the
 * process.
 */
#ifndef INPUTS_H
#define INPUTS_H

#include <micropipe/micropipe.h>

#include "spool.h"

struct input {
    char *path;       /* "-": standard input */
    const char *name; /* in `path`: relative to the folder, if it was found in one */
    uint64_t id;      /* of the path: a place in a list that changed must not be taken for one in another file */
    uint64_t before;  /* bytes of all inputs before it, as they were in load() */
};

struct inputs {
    struct input *list; /* in the order of their names */
    size_t n;
    uint64_t total;      /* bytes; 0: unknown */
    struct spool *spool; /* of standard input that cannot be read twice; NULL: none */
    int stdin_file;      /* descriptor of standard input that is a regular file; -1: none */
    uint64_t stdin_base; /* where in it we begin */
};

/* `path`: a file, a folder (its files), a pattern as in the shell, or "-". MPIPE_BAD_CONFIG: nothing there that could
 * be read, which is said in the log. */
mpipe_status inputs_find(const mpipe_host *host, const char *path, struct inputs **out);

/* Index of the input with that id, `index` if it is still there; n if it is gone. */
size_t inputs_place(const struct inputs *inputs, size_t index, uint64_t id);

#endif
