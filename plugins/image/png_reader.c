/* SPDX-License-Identifier: Apache-2.0 */
#include "png_reader.h"

#include <errno.h>
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exif.h"

struct png_reader {
    png_structp png;
    png_infop info;
    const uint8_t *bytes;
    size_t size, at;
    struct png_image image;
    uint8_t *rgba; /* see guarded_rows() */
    char reason[128];
};

enum { RGB = 3, RGBA = 4, SIGNATURE = 8 };

/* libpng's errors end in longjmp() to the innermost setjmp() of ours, in one of the functions that start with guarded_:
 * nothing there may have anything to clean up, or change a local variable that is read after the jump. */
static PNG_NORETURN void on_error(png_structp png, png_const_charp message)
{
    struct png_reader *r = png_get_error_ptr(png);
    snprintf(r->reason, sizeof r->reason, "%s", message);
    png_longjmp(png, 1);
}

/* libpng warns of what it can live with, as an odd colour profile. */
static void on_warning(png_structp png, png_const_charp message)
{
    (void)png;
    (void)message;
}

static void on_read(png_structp png, png_bytep to, size_t n)
{
    struct png_reader *r = png_get_io_ptr(png);
    if (n > r->size - r->at)
        png_error(png, "the file ends too early");
    memcpy(to, r->bytes + r->at, n);
    r->at += n;
}

bool png_reader_recognises(const uint8_t *bytes, size_t size)
{
    return size >= SIGNATURE && !png_sig_cmp(bytes, 0, SIGNATURE);
}

static int guarded_header(struct png_reader *r)
{
    if (setjmp(png_jmpbuf(r->png)))
        return -EBADMSG;
    png_set_read_fn(r->png, r, on_read);
    png_read_info(r->png, r->info);
    r->image.width = png_get_image_width(r->png, r->info);
    r->image.height = png_get_image_height(r->png, r->info);
    png_bytep exif = NULL;
    png_uint_32 exif_size = 0;
    if (png_get_eXIf_1(r->png, r->info, &exif_size, &exif))
        r->image.orientation = exif_orientation(exif, exif_size);
    return 0;
}

int png_reader_create(const uint8_t *bytes, size_t size, struct png_reader **out)
{
    struct png_reader *r = calloc(1, sizeof *r);
    *out = r;
    if (!r)
        return -ENOMEM;
    r->bytes = bytes;
    r->size = size;
    r->image.orientation = 1;
    r->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, r, on_error, on_warning);
    if (!r->png)
        return -ENOMEM;
    r->info = png_create_info_struct(r->png);
    if (!r->info)
        return -ENOMEM;
    return guarded_header(r);
}

void png_reader_destroy(struct png_reader **r)
{
    if (!*r)
        return;
    if ((*r)->png)
        png_destroy_read_struct(&(*r)->png, &(*r)->info, NULL);
    free((*r)->rgba);
    free(*r);
    *r = NULL;
}

struct png_image png_reader_image(const struct png_reader *r)
{
    return r->image;
}

const char *png_reader_reason(const struct png_reader *r)
{
    return r->reason;
}

static bool has_alpha(const struct png_reader *r)
{
    return png_get_color_type(r->png, r->info) & PNG_COLOR_MASK_ALPHA || png_get_valid(r->png, r->info, PNG_INFO_tRNS);
}

static bool is_interlaced(const struct png_reader *r)
{
    return png_get_interlace_type(r->png, r->info) != PNG_INTERLACE_NONE;
}

static uint8_t blend(uint8_t over, uint8_t under, uint8_t alpha)
{
    const uint32_t x = (uint32_t)over * alpha + (uint32_t)under * (0xffu - alpha) + 128;
    return (uint8_t)((x + (x >> 8)) >> 8); /* divided by 255, rounded */
}

/* libpng could do it as well, but does it in linear light if the file says its gamma: unlike everything else that reads
 * pictures for training. */
static void flatten(const uint8_t *rgba, size_t pixels, struct colour under, uint8_t *to)
{
    for (size_t i = 0; i < pixels; i++, rgba += RGBA, to += RGB) {
        to[0] = blend(rgba[0], under.red, rgba[3]);
        to[1] = blend(rgba[1], under.green, rgba[3]);
        to[2] = blend(rgba[2], under.blue, rgba[3]);
    }
}

/* Asks libpng for RGB or, if there is any transparency, RGBA. Returns the number of passes. */
static int set_transformations(struct png_reader *r, size_t row_size)
{
    png_set_expand(r->png);
    png_set_gray_to_rgb(r->png);
    png_set_scale_16(r->png);
    const int passes = png_set_interlace_handling(r->png);
    png_read_update_info(r->png, r->info);
    if (png_get_rowbytes(r->png, r->info) != row_size)
        png_error(r->png, "pixels in an unknown layout");
    return passes;
}

/* Where rows go: to `rgb` in the end; if r->rgba is not NULL, there first. It holds all rows of an interlaced image,
 * which is complete only after its last pass, and one row of another. */
static int guarded_rows(struct png_reader *r, struct colour background, uint8_t *rgb)
{
    if (setjmp(png_jmpbuf(r->png)))
        return -EBADMSG;
    const size_t width = r->image.width;
    const bool interlaced = is_interlaced(r);
    const int passes = set_transformations(r, width * (r->rgba ? RGBA : RGB));
    for (int pass = 0; pass < passes; pass++) {
        for (size_t y = 0; y < r->image.height; y++) {
            uint8_t *to = rgb + y * width * RGB;
            if (!r->rgba) {
                png_read_row(r->png, to, NULL);
            } else if (interlaced) {
                png_read_row(r->png, r->rgba + y * width * RGBA, NULL);
            } else {
                png_read_row(r->png, r->rgba, NULL);
                flatten(r->rgba, width, background, to);
            }
        }
    }
    png_read_end(r->png, NULL);
    return 0;
}

/* So that what a damaged file leaves out is neither an older frame's pixels nor chance. */
static void fill(uint8_t *to, size_t pixels, struct colour colour)
{
    for (size_t i = 0; i < pixels; i++, to += RGB) {
        to[0] = colour.red;
        to[1] = colour.green;
        to[2] = colour.blue;
    }
}

int png_reader_rgb(struct png_reader *r, struct colour background, bool tolerant, uint8_t *to)
{
    const size_t pixels = (size_t)r->image.width * r->image.height;
    const bool later = has_alpha(r) && is_interlaced(r);
    if (has_alpha(r)) {
        r->rgba = calloc(later ? pixels : r->image.width, RGBA);
        if (!r->rgba)
            return -ENOMEM;
    }
    if (tolerant) {
        fill(to, pixels, background);
        png_set_crc_action(r->png, PNG_CRC_WARN_USE, PNG_CRC_WARN_USE);
    }
    const int error = guarded_rows(r, background, to);
    if (later)
        flatten(r->rgba, pixels, background, to);
    return tolerant ? 0 : error;
}
