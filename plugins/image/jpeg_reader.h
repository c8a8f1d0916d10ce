/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads one JPEG at a time into RGB. A worker has one reader and uses it for all its images.
 */
#ifndef JPEG_READER_H
#define JPEG_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct jpeg_reader;

/* An image whose header has been read. */
struct jpeg_image {
    const uint8_t *bytes;
    size_t size;
    uint32_t full_width, full_height; /* as stored */
    uint32_t width, height;           /* as it will be decoded: scaled, not turned */
    int orientation;                  /* EXIF, 1 to 8 */
    bool inks;                        /* CMYK or YCCK */
    bool inverted;                    /* inks by Adobe's rules: 255 is no ink */
};

/* 0 or -ENOMEM. */
int jpeg_reader_create(struct jpeg_reader **out);
void jpeg_reader_destroy(struct jpeg_reader **r);

bool jpeg_reader_recognises(const uint8_t *bytes, size_t size);

/* Reads the header. 0, -ENOMEM, or -EBADMSG: jpeg_reader_reason() says why. `bytes` must stay until the image was
 * decoded. */
int jpeg_reader_header(struct jpeg_reader *r, const uint8_t *bytes, size_t size, struct jpeg_image *out);

/* Chooses the smallest size whose shorter side is still at least `shorter` pixels, of those that cost nothing extra. */
void jpeg_reader_shrink(struct jpeg_image *image, uint32_t shorter);

/* Decodes width * height RGB pixels to `to`. 0, or -EBADMSG: damaged. With `tolerant` the damaged part is grey instead.
 * -ENOMEM. */
int jpeg_reader_rgb(struct jpeg_reader *r, const struct jpeg_image *image, bool tolerant, uint8_t *to);

/* The library's own words about the last failure. Valid until the next call. */
const char *jpeg_reader_reason(const struct jpeg_reader *r);

#endif
