/* SPDX-License-Identifier: Apache-2.0 */
#include "png_writer.h"

#include <errno.h>
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct png_writer {
    int level;
    uint8_t *bytes;
    size_t size, capacity;
    int out_of_memory;
    char reason[128];
};

int png_writer_create(int level, struct png_writer **out)
{
    struct png_writer *w = calloc(1, sizeof *w);
    if (!w)
        return -ENOMEM;
    w->level = level;
    *out = w;
    return 0;
}

void png_writer_destroy(struct png_writer **w)
{
    if (!*w)
        return;
    free((*w)->bytes);
    free(*w);
    *w = NULL;
}

const char *png_writer_reason(const struct png_writer *w)
{
    return w->reason;
}

static PNG_NORETURN void on_error(png_structp png, png_const_charp message)
{
    struct png_writer *w = png_get_error_ptr(png);
    snprintf(w->reason, sizeof w->reason, "%s", message);
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp message)
{
    (void)png;
    (void)message;
}

static void on_write(png_structp png, png_bytep from, size_t n)
{
    struct png_writer *w = png_get_io_ptr(png);
    if (n > w->capacity - w->size) {
        const size_t capacity = (w->size + n) * 2;
        uint8_t *bytes = realloc(w->bytes, capacity);
        if (!bytes) {
            w->out_of_memory = 1;
            png_error(png, "no memory");
        }
        w->bytes = bytes;
        w->capacity = capacity;
    }
    memcpy(w->bytes + w->size, from, n);
    w->size += n;
}

static void on_flush(png_structp png)
{
    (void)png;
}

/* Has a setjmp(): nothing to clean up here, and no local variable that changes. */
static int guarded_encode(struct png_writer *w, png_structp png, png_infop info, const struct pixels *image)
{
    static const int colour_types[PIXELS_CHANNELS_MAX + 1] = {0, PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA,
                                                              PNG_COLOR_TYPE_RGB, PNG_COLOR_TYPE_RGB_ALPHA};
    if (setjmp(png_jmpbuf(png)))
        return w->out_of_memory ? -ENOMEM : -EINVAL;
    if (image->width > PNG_UINT_31_MAX || image->height > PNG_UINT_31_MAX)
        png_error(png, "a side is longer than PNG allows");
    png_set_write_fn(png, w, on_write, on_flush);
    png_set_compression_level(png, w->level);
    png_set_IHDR(png, info, (png_uint_32)image->width, (png_uint_32)image->height, 8, colour_types[image->channels],
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, info);
    const size_t row_size = image->width * image->channels;
    for (uint64_t y = 0; y < image->height; y++)
        png_write_row(png, image->data + y * row_size);
    png_write_end(png, NULL);
    return 0;
}

int png_writer_encode(struct png_writer *w, const struct pixels *image, const uint8_t **bytes, size_t *size)
{
    w->size = 0;
    w->out_of_memory = 0;
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, w, on_error, on_warning);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    const int error = info ? guarded_encode(w, png, info, image) : -ENOMEM;
    png_destroy_write_struct(&png, &info);
    *bytes = w->bytes;
    *size = w->size;
    return error;
}
