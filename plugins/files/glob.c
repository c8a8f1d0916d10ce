/* SPDX-License-Identifier: Apache-2.0 */
#include "glob.h"

#include <fnmatch.h>
#include <string.h>

static bool matches(const char *pattern, const char *text, int flags)
{
    return fnmatch(pattern, text, flags) == 0;
}

bool glob_matches(const char *pattern, const char *path, enum glob_case letters)
{
    const int flags = letters == GLOB_IGNORE_CASE ? FNM_CASEFOLD : 0;
    if (!strchr(pattern, '/')) {
        const char *slash = strrchr(path, '/');
        return matches(pattern, slash ? slash + 1 : path, flags);
    }
    if (!strstr(pattern, "**"))
        return matches(pattern, path, flags | FNM_PATHNAME);
    return matches(pattern, path, flags) || (!strncmp(pattern, "**/", 3) && glob_matches(pattern + 3, path, letters));
}
