/* SPDX-License-Identifier: Apache-2.0 */
#include "exif.h"

#include <stdbool.h>
#include <string.h>

enum { TAG_ORIENTATION = 0x0112, TYPE_SHORT = 3, TYPE_LONG = 4, ENTRY_SIZE = 12 };

struct tiff {
    const uint8_t *bytes;
    size_t size;
    bool big_endian;
};

/* The caller has checked that `at` + 2 or 4 is not beyond the end. */
static uint32_t read16(const struct tiff *t, size_t at)
{
    const uint8_t *p = t->bytes + at;
    return t->big_endian ? (uint32_t)p[0] << 8 | p[1] : (uint32_t)p[1] << 8 | p[0];
}

static uint32_t read32(const struct tiff *t, size_t at)
{
    return t->big_endian ? read16(t, at) << 16 | read16(t, at + 2) : read16(t, at + 2) << 16 | read16(t, at);
}

static int entry_orientation(const struct tiff *t, size_t entry)
{
    const uint32_t type = read16(t, entry + 2);
    uint32_t value = 0;
    if (type == TYPE_SHORT)
        value = read16(t, entry + 8);
    else if (type == TYPE_LONG)
        value = read32(t, entry + 8);
    return value >= 1 && value <= 8 ? (int)value : 1;
}

int exif_orientation(const uint8_t *tiff, size_t size)
{
    if (size < 8)
        return 1;
    struct tiff t = {tiff, size, !memcmp(tiff, "MM\0*", 4)};
    if (!t.big_endian && memcmp(tiff, "II*\0", 4) != 0)
        return 1;
    const size_t directory = read32(&t, 4);
    if (directory > size - 2)
        return 1;
    const size_t entries = read16(&t, directory);
    for (size_t i = 0; i < entries; i++) {
        const size_t entry = directory + 2 + i * ENTRY_SIZE;
        if (entry + ENTRY_SIZE > size)
            return 1;
        if (read16(&t, entry) == TAG_ORIENTATION)
            return entry_orientation(&t, entry);
    }
    return 1;
}
