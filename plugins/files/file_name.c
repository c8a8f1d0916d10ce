/* SPDX-License-Identifier: Apache-2.0 */
#include "file_name.h"

#include <string.h>

struct text file_name_folder(struct text path)
{
    const char *slash = memrchr(path.bytes, '/', path.size);
    return (struct text){path.bytes, slash ? (size_t)(slash - path.bytes) + 1 : 0};
}

struct text file_name_base(struct text path)
{
    const size_t folder = file_name_folder(path).size;
    return (struct text){path.bytes + folder, path.size - folder};
}

struct text file_name_suffix(struct text path)
{
    const struct text base = file_name_base(path);
    const char *dot = memrchr(base.bytes, '.', base.size);
    if (!dot || dot == base.bytes)
        return (struct text){base.bytes + base.size, 0};
    return (struct text){dot + 1, (size_t)(base.bytes + base.size - dot) - 1};
}

struct text file_name_stem(struct text path)
{
    const struct text base = file_name_base(path);
    const char *dot = memrchr(base.bytes, '.', base.size);
    return (struct text){base.bytes, dot && dot != base.bytes ? (size_t)(dot - base.bytes) : base.size};
}

const char *file_name_problem(const char *path)
{
    if (!*path)
        return "it is empty";
    if (*path == '/')
        return "it is absolute, so it would leave the folder";
    for (const char *part = path;; part++) {
        const size_t length = strcspn(part, "/");
        if (length == 0 || (length == 1 && part[0] == '.'))
            return "a part of it is empty or \".\"";
        if (length == 2 && !strncmp(part, "..", 2))
            return "with \"..\" in it, it could leave the folder";
        part += length;
        if (!*part)
            return NULL;
    }
}
