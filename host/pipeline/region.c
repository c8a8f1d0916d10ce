#include "region.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "needed.h"

/* One malloc each, not a bump pointer: so the address sanitizer sees every overrun. */
struct region_block {
    struct region_block *next;
    _Alignas(max_align_t) unsigned char bytes[];
};

void *region_alloc(struct region *r, size_t size)
{
    CHECK(size <= SIZE_MAX / 2);
    struct region_block *block = needed(calloc(1, sizeof *block + size));
    block->next = r->blocks;
    r->blocks = block;
    return block->bytes;
}

void *region_grow(struct region *r, void *items, size_t n, size_t *capacity, size_t size)
{
    if (n < *capacity)
        return items;
    size_t wanted = *capacity ? *capacity * 2 : 16;
    CHECK(wanted <= SIZE_MAX / 2 / size);
    void *grown = region_alloc(r, wanted * size);
    if (n > 0)
        memcpy(grown, items, n * size);
    *capacity = wanted;
    return grown;
}

char *region_copy(struct region *r, const char *bytes, size_t length)
{
    char *copy = region_alloc(r, length + 1);
    if (length > 0)
        memcpy(copy, bytes, length);
    return copy;
}

char *region_text(struct region *r, const char *text)
{
    return text ? region_copy(r, text, strlen(text)) : NULL;
}

char *region_formatv(struct region *r, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    CHECK(length >= 0);
    char *text = region_alloc(r, (size_t)length + 1);
    vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    return text;
}

char *region_format(struct region *r, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = region_formatv(r, format, args);
    va_end(args);
    return text;
}

void region_free(struct region *r)
{
    while (r->blocks) {
        struct region_block *block = r->blocks;
        r->blocks = block->next;
        free(block);
    }
}
