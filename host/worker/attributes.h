/* Attribute records: names and values as bytes, in a block right before its tail.
 *
 *     { name bytes with the NUL: u32 | value bytes: u32 | name, padded to 8 | value, padded to 8 } ...
 */
#ifndef ATTRIBUTES_H
#define ATTRIBUTES_H

#include <stdint.h>

enum { ATTRIBUTES_MAX = 64 * 1024, ATTRIBUTE_NAME_MAX = 255 };

/* One record; points into the records. */
struct attribute {
    const char *name;
    const uint8_t *value;
    uint32_t size;
};

/* Steps through n bytes of records that another process may have written: *at starts at 0. 1: *out is the next one, 0:
 * no more, or what is there is no record. */
int attributes_next(const uint8_t *records, uint32_t n, uint32_t *at, struct attribute *out);

/* 1 and *out, or 0. */
int attributes_find(const uint8_t *records, uint32_t n, const char *name, struct attribute *out);

/* Bytes of a record. */
uint32_t attributes_record_size(const char *name, uint64_t size);

/* Copies all records but the one called `name` to `to` (room for n bytes), then appends one with the value, unless
 * value is NULL (room for attributes_record_size() more). Returns the bytes written. */
uint32_t attributes_replace(uint8_t *to, const uint8_t *records, uint32_t n, const struct attribute *with);

#endif
