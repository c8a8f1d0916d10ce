#include "attributes.h"

#include <string.h>

struct record {
    uint32_t name, value; /* bytes, without padding */
};

static uint64_t padded(uint64_t n)
{
    return (n + 7) / 8 * 8;
}

uint32_t attributes_record_size(const char *name, uint64_t size)
{
    return (uint32_t)(sizeof(struct record) + padded(strlen(name) + 1) + padded(size));
}

int attributes_next(const uint8_t *records, uint32_t n, uint32_t *at, struct attribute *out)
{
    struct record r;
    if (n - *at < sizeof r)
        return 0;
    memcpy(&r, records + *at, sizeof r);
    uint64_t size = sizeof r + padded(r.name) + padded(r.value);
    const char *name = (const char *)records + *at + sizeof r;
    if (r.name == 0 || size > n - *at || name[r.name - 1] != 0)
        return 0;
    out->name = name;
    out->value = records + *at + sizeof r + padded(r.name);
    out->size = r.value;
    *at += (uint32_t)size;
    return 1;
}

int attributes_find(const uint8_t *records, uint32_t n, const char *name, struct attribute *out)
{
    for (uint32_t at = 0; attributes_next(records, n, &at, out);)
        if (strcmp(out->name, name) == 0)
            return 1;
    return 0;
}

uint32_t attributes_replace(uint8_t *to, const uint8_t *records, uint32_t n, const struct attribute *with)
{
    uint32_t used = 0;
    uint32_t at = 0;
    struct attribute a;
    for (uint32_t from = 0; attributes_next(records, n, &at, &a); from = at) {
        if (strcmp(a.name, with->name) == 0)
            continue;
        memcpy(to + used, records + from, at - from);
        used += at - from;
    }
    if (!with->value)
        return used;
    struct record r = {(uint32_t)strlen(with->name) + 1, with->size};
    uint32_t size = attributes_record_size(with->name, with->size);
    memset(to + used, 0, size);
    memcpy(to + used, &r, sizeof r);
    memcpy(to + used + sizeof r, with->name, r.name);
    if (with->size)
        memcpy(to + used + sizeof r + padded(r.name), with->value, with->size);
    return used + size;
}
