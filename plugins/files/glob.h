/* SPDX-License-Identifier: Apache-2.0
 *
 * Which paths a list of patterns means.
 */
#ifndef GLOB_H
#define GLOB_H

#include <stdbool.h>
#include <stddef.h>

enum glob_case { GLOB_EXACT_CASE, GLOB_IGNORE_CASE };

/* True if a shell pattern (*, ?, [...]) means this relative path: its base name, or, if there is a slash in the
 * pattern, the whole of it. Then * stops at slashes, and ** does not: a leading double star and slash means any folder,
 * or none. */
bool glob_matches(const char *pattern, const char *path, enum glob_case letters);

#endif
