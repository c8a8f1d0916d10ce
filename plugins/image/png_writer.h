/* SPDX-License-Identifier: Apache-2.0
 *
 * Writes images as PNG into memory of its own.
 */
#ifndef PNG_WRITER_H
#define PNG_WRITER_H

#include <stddef.h>
#include <stdint.h>

#include "pixels.h"

struct png_writer;

/* `level`: zlib's, 0 to 9. 0 or -ENOMEM. */
int png_writer_create(int level, struct png_writer **out);
void png_writer_destroy(struct png_writer **w);

/* *bytes stays until the next call. -ENOMEM; -EINVAL: PNG cannot hold it, png_writer_reason() says why. */
int png_writer_encode(struct png_writer *w, const struct pixels *image, const uint8_t **bytes, size_t *size);

const char *png_writer_reason(const struct png_writer *w);

#endif
