/* Memory that is freed all at once: what belongs together dies together, and no error path frees by hand.
 *
 * Never gives NULL. The host reads its configuration before there is anything to save, so being out of memory
 * ends the program then (needed.h).
 */
#ifndef REGION_H
#define REGION_H

#include <stdarg.h>
#include <stddef.h>

struct region_block;

/* Zero is an empty region. */
struct region {
    struct region_block *blocks;
};

/* Zeroed, aligned for any type. */
void *region_alloc(struct region *r, size_t size);

/* Makes room for one more item after the first n of `items`, of `size` bytes each: returns `items`, or a copy twice as
 * long. *capacity starts at 0. What was there before stays valid, so pointers to items may be kept, but not written. */
void *region_grow(struct region *r, void *items, size_t n, size_t *capacity, size_t size);

/* Terminated copies; region_text(r, NULL) is NULL. */
char *region_copy(struct region *r, const char *bytes, size_t length);
char *region_text(struct region *r, const char *text);

__attribute__((format(printf, 2, 3))) char *region_format(struct region *r, const char *format, ...);
char *region_formatv(struct region *r, const char *format, va_list args);

/* Frees all; the region is empty then, and can be used again. */
void region_free(struct region *r);

#endif
