/* SPDX-License-Identifier: Apache-2.0 */
#include "key_set.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b)
{
    return strcmp(a, b);
}

int key_set_add(struct key_set *s, const char *key, size_t length)
{
    char *copy = strndup(key, length);
    if (!copy)
        return -ENOMEM;
    char *const *found = tsearch(copy, &s->root, compare);
    if (found && *found == copy)
        return 0;
    free(copy);
    return found ? -EEXIST : -ENOMEM;
}

bool key_set_has(const struct key_set *s, const char *key)
{
    return tfind(key, &s->root, compare) != NULL;
}

void key_set_clear(struct key_set *s)
{
    tdestroy(s->root, free);
    s->root = NULL;
}
