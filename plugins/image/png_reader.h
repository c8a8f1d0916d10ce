/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads one PNG into RGB, 8 bits a sample: palettes expanded, 16 bits rounded to 8, transparency laid over a
 * background.
 */
#ifndef PNG_READER_H
#define PNG_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "colour.h"

struct png_reader;

struct png_image {
    uint32_t width, height;
    int orientation; /* EXIF, 1 to 8; only if it stands before the pixels */
};

bool png_reader_recognises(const uint8_t *bytes, size_t size);

/* Reads all that stands before the pixels; allocates nothing that depends on the image's size. A reader is for one
 * image, so it is to be destroyed after every call, failed or not. 0; -ENOMEM; -EBADMSG: png_reader_reason() says why.
 * `bytes` must outlive it. */
int png_reader_create(const uint8_t *bytes, size_t size, struct png_reader **out);
void png_reader_destroy(struct png_reader **r);

struct png_image png_reader_image(const struct png_reader *r);

/* Once: decodes width * height RGB pixels to `to`. -EBADMSG: damaged. With `tolerant` the damaged part is background
 * instead. */
int png_reader_rgb(struct png_reader *r, struct colour background, bool tolerant, uint8_t *to);

/* The library's own words about the last failure. */
const char *png_reader_reason(const struct png_reader *r);

#endif
