/* SPDX-License-Identifier: Apache-2.0
 *
 * The files that a source reads, in their order: made once, then never changed.
 */
#ifndef LISTING_H
#define LISTING_H

#include <stdbool.h>
#include <stddef.h>

#include "glob.h"

enum { LISTING_PATH_MAX = 4096 }; /* bytes of a path with its NUL; what is longer cannot be opened */

struct listing_rules {
    const char *root; /* a folder, or one file */
    const char *const *include, *const *exclude;
    size_t n_include, n_exclude;
    enum glob_case letters;
    bool recursive, follow_symlinks;
};

struct listing_entry {
    char *path; /* relative to the listing's folder */
    int error;  /* errno: it is known that it cannot be read; 0: not known */
};

struct listing {
    char *folder;                  /* that the paths start at */
    struct listing_entry *entries; /* sorted by the bytes of their paths */
    size_t n;
};

/* 0 or -errno; -EINVAL: the root is neither a folder nor a file. */
int listing_create(const struct listing_rules *rules, struct listing **out);
void listing_destroy(struct listing **l);

/* Index of the first entry whose path comes after `path`; "" comes before all. */
size_t listing_after(const struct listing *l, const char *path);

#endif
