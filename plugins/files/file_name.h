/* SPDX-License-Identifier: Apache-2.0
 *
 * Parts of a relative path, and whether one stays in its folder.
 */
#ifndef FILE_NAME_H
#define FILE_NAME_H

#include <stddef.h>

/* A piece of text that is not NUL-terminated. */
struct text {
    const char *bytes;
    size_t size;
};

struct text file_name_folder(struct text path); /* "a/b/" of "a/b/c.tar.gz"; may be empty */
struct text file_name_base(struct text path);   /* "c.tar.gz" */
struct text file_name_stem(struct text path);   /* "c.tar" */
struct text file_name_suffix(struct text path); /* "gz"; empty if there is none, as in ".profile" */

/* Why a file of this name must not be written below a folder; NULL if it may. */
const char *file_name_problem(const char *path);

#endif
