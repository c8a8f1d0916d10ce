/* SPDX-License-Identifier: Apache-2.0
 *
 * A folder that files are written into, with the folders below it: names are followed downwards only, and never through
 * a symbolic link below it.
 */
#ifndef FOLDER_H
#define FOLDER_H

#include <stddef.h>
#include <stdint.h>

enum folder_sync { FOLDER_NO_SYNC, FOLDER_SYNC };

struct folder;

/* Opens the folder; makes it, and what is above it, if need be. `temporary` is the name of files that are not complete
 * yet: unique among all that write here. 0 or -errno. */
int folder_open(const char *path, const char *temporary, enum folder_sync sync, struct folder **out);
void folder_close(struct folder **f);

/* Makes the file `name` (relative, its parts neither empty nor "." nor "..") hold these bytes: a reader sees the file
 * that was there before or all of this one. 0 or -errno. */
int folder_write(struct folder *f, const char *name, const uint8_t *bytes, size_t size);

#endif
