/* SPDX-License-Identifier: Apache-2.0 */
#include "shard_pattern.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct shard_pattern {
    char *before, *after; /* the number; percent signs are single */
    int width;
    bool zeros;
};

enum { WIDTH_MAX = 20 };

void shard_pattern_destroy(struct shard_pattern **p)
{
    if (!*p)
        return;
    free((*p)->before);
    free((*p)->after);
    free(*p);
    *p = NULL;
}

/* Copies literal text to `to`, up to the next conversion or the end, which it returns. */
static const char *copy_literal(const char *from, char *to)
{
    while (*from && (*from != '%' || from[1] == '%')) {
        if (*from == '%')
            from++;
        *to++ = *from++;
    }
    *to = '\0';
    return from;
}

/* Takes "%06d". NULL: it is something else. */
static const char *take_number(const char *text, struct shard_pattern *p)
{
    text++;
    p->zeros = *text == '0';
    while (isdigit((unsigned char)*text) && p->width <= WIDTH_MAX)
        p->width = p->width * 10 + (*text++ - '0');
    return *text == 'd' && p->width <= WIDTH_MAX ? text + 1 : NULL;
}

static int parse(const char *text, struct shard_pattern *p, const char **why)
{
    *why = "there is no number in it; write one, as \"shard-%06d.tar\"";
    const char *rest = copy_literal(text, p->before);
    if (!*rest)
        return -EINVAL;
    *why = "after % only a number (%d, %06d) or another % may come";
    rest = take_number(rest, p);
    if (!rest)
        return -EINVAL;
    *why = "there is more than one number in it";
    rest = copy_literal(rest, p->after);
    if (*rest)
        return -EINVAL;
    *why = "a shard needs a name, not only a folder";
    const size_t length = strlen(p->after);
    return length && p->after[length - 1] == '/' ? -EINVAL : 0;
}

int shard_pattern_create(const char *text, struct shard_pattern **out, const char **why)
{
    struct shard_pattern *p = calloc(1, sizeof *p);
    if (!p)
        return -ENOMEM;
    p->before = malloc(strlen(text) + 1);
    p->after = malloc(strlen(text) + 1);
    const int error = p->before && p->after ? parse(text, p, why) : -ENOMEM;
    if (error)
        shard_pattern_destroy(&p);
    *out = p;
    return error;
}

int shard_pattern_path(const struct shard_pattern *p, uint64_t number, char *path, size_t size)
{
    const int length = p->zeros ? snprintf(path, size, "%s%0*" PRIu64 "%s", p->before, p->width, number, p->after)
                                : snprintf(path, size, "%s%*" PRIu64 "%s", p->before, p->width, number, p->after);
    return length < 0 || (size_t)length >= size ? -ENAMETOOLONG : 0;
}
