/* SPDX-License-Identifier: Apache-2.0 */
#include "jpeg_reader.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <turbojpeg.h>

#include "jpeg_markers.h"

struct jpeg_reader {
    tjhandle codec;   /* NULL: to be made for the next image */
    char reason[200]; /* no message of the library is longer */
};

enum { RGB = 3, INKS = 4 };

int jpeg_reader_create(struct jpeg_reader **out)
{
    *out = calloc(1, sizeof **out);
    return *out ? 0 : -ENOMEM;
}

void jpeg_reader_destroy(struct jpeg_reader **r)
{
    if (!*r)
        return;
    if ((*r)->codec)
        tjDestroy((*r)->codec);
    free(*r);
    *r = NULL;
}

bool jpeg_reader_recognises(const uint8_t *bytes, size_t size)
{
    static const uint8_t start[3] = {0xff, 0xd8, 0xff};
    return size >= sizeof start && !memcmp(bytes, start, sizeof start);
}

const char *jpeg_reader_reason(const struct jpeg_reader *r)
{
    return r->reason;
}

/* An error in a header leaves TurboJPEG in the middle of that header: the next image would be read into its ruins. So
 * no codec sees another image after an error. */
static int refuse(struct jpeg_reader *r, const char *reason)
{
    snprintf(r->reason, sizeof r->reason, "%s", reason);
    tjDestroy(r->codec);
    r->codec = NULL;
    return -EBADMSG;
}

int jpeg_reader_header(struct jpeg_reader *r, const uint8_t *bytes, size_t size, struct jpeg_image *out)
{
    int width = 0, height = 0, subsampling = -1, colours = -1;
    if (!r->codec && !(r->codec = tjInitDecompress()))
        return -ENOMEM;
    const int error = tjDecompressHeader3(r->codec, bytes, size, &width, &height, &subsampling, &colours);
    /* It can fail although it has read the header: it has no name for the chroma subsampling, which hinders nothing, or
     * warns, as the decoder will. And it can succeed without an image: the file ends after some tables. */
    if (width < 1 || height < 1 || colours < 0)
        return refuse(r, error ? tjGetErrorStr2(r->codec) : "it holds no image");
    const struct jpeg_markers markers = jpeg_markers_read(bytes, size);
    *out = (struct jpeg_image){
        .bytes = bytes,
        .size = size,
        .full_width = (uint32_t)width,
        .full_height = (uint32_t)height,
        .width = (uint32_t)width,
        .height = (uint32_t)height,
        .orientation = markers.orientation,
        .inks = colours == TJCS_CMYK || colours == TJCS_YCCK,
        .inverted = markers.adobe,
    };
    return 0;
}

void jpeg_reader_shrink(struct jpeg_image *image, uint32_t shorter)
{
    /* TurboJPEG also knows 7/8, 3/4, 5/8 and 3/8, but has no SIMD for them: they take longer than the whole image. */
    for (int denominator = 8; denominator > 1; denominator /= 2) {
        const tjscalingfactor factor = {1, denominator};
        const uint32_t width = TJSCALED(image->full_width, factor), height = TJSCALED(image->full_height, factor);
        if ((width < height ? width : height) < shorter)
            continue;
        image->width = width;
        image->height = height;
        return;
    }
}

static int decode(struct jpeg_reader *r, const struct jpeg_image *image, bool tolerant, int format, uint8_t *to)
{
    const int flags = TJFLAG_LIMITSCANS | (tolerant ? 0 : TJFLAG_STOPONWARNING);
    if (!tjDecompress2(r->codec, image->bytes, image->size, to, (int)image->width, 0, (int)image->height, format,
                       flags))
        return 0;
    if (tolerant && tjGetErrorCode(r->codec) == TJERR_WARNING)
        return 0;
    return refuse(r, tjGetErrorStr2(r->codec));
}

static uint8_t product(uint32_t a, uint32_t b)
{
    const uint32_t x = a * b + 128;
    return (uint8_t)((x + (x >> 8)) >> 8); /* a * b / 255, rounded */
}

/* Inks as light: each ink takes away its share, black takes from all three. */
static void inks_to_rgb(const uint8_t *inks, size_t pixels, bool inverted, uint8_t *to)
{
    const uint8_t flip = inverted ? 0 : 0xff;
    for (size_t i = 0; i < pixels; i++, inks += INKS, to += RGB) {
        const uint8_t light = inks[3] ^ flip;
        for (int c = 0; c < RGB; c++)
            to[c] = product(inks[c] ^ flip, light);
    }
}

int jpeg_reader_rgb(struct jpeg_reader *r, const struct jpeg_image *image, bool tolerant, uint8_t *to)
{
    if (!image->inks)
        return decode(r, image, tolerant, TJPF_RGB, to);
    const size_t pixels = (size_t)image->width * image->height;
    uint8_t *inks = malloc(pixels * INKS);
    if (!inks)
        return -ENOMEM;
    const int error = decode(r, image, tolerant, TJPF_CMYK, inks);
    if (!error)
        inks_to_rgb(inks, pixels, image->inverted, to);
    free(inks);
    return error;
}
