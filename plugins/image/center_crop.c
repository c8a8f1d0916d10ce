/* SPDX-License-Identifier: Apache-2.0
 *
 * image.center_crop: cuts a box out of the middle of images.
 */
#include "image.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "colour.h"
#include "pixels.h"
#include "subject.h"

enum smaller { SMALLER_REFUSE, SMALLER_PAD }; /* in the order of the option's choices */

struct cropper {
    const mpipe_host *host;
    uint64_t width, height;
    enum smaller smaller;
    struct colour fill;
};

static mpipe_status options_of(const mpipe_host *host, struct cropper *out)
{
    const uint64_t size = (uint64_t)mpipe_option_int(host, "size");
    *out = (struct cropper){
        .host = host,
        .width = size ? size : (uint64_t)mpipe_option_int(host, "width"),
        .height = size ? size : (uint64_t)mpipe_option_int(host, "height"),
        .smaller = (enum smaller)mpipe_option_int(host, "smaller"),
    };
    const char *problem = NULL;
    if (size && (mpipe_option_int(host, "width") || mpipe_option_int(host, "height")))
        problem = "size cannot be combined with width or height: set one or the other";
    else if (!out->width || !out->height)
        problem = "say how large: set size, or width and height";
    else if (colour_parse(mpipe_option_text(host, "fill"), &out->fill))
        problem = "fill is not a colour: write it as \"#rrggbb\", \"white\" or \"black\"";
    if (!problem)
        return MPIPE_OK;
    mpipe_log(host, MPIPE_LOG_ERROR, "image.center_crop: %s", problem);
    return MPIPE_BAD_CONFIG;
}

static mpipe_status cropper_load(const mpipe_host *host, void **shared)
{
    (void)shared;
    struct cropper cropper;
    return options_of(host, &cropper);
}

static mpipe_status cropper_open(const mpipe_host *host, void *shared, void **self)
{
    (void)shared;
    struct cropper *cropper = malloc(sizeof *cropper);
    if (!cropper)
        return MPIPE_FATAL;
    const mpipe_status status = options_of(host, cropper);
    if (status == MPIPE_OK)
        *self = cropper;
    else
        free(cropper);
    return status;
}

/* How one side of the image meets one side of the box. */
struct overlap {
    uint64_t from, to, length; /* first pixel in the image, first in the box, how many */
};

static struct overlap overlap_of(uint64_t image, uint64_t box)
{
    if (image >= box)
        return (struct overlap){(image - box) / 2, 0, box};
    return (struct overlap){0, (box - image) / 2, image};
}

static void fill_samples(uint8_t *to, uint64_t pixels, uint32_t channels, struct colour colour)
{
    const uint8_t sample[PIXELS_CHANNELS_MAX] = {colour.red, colour.green, colour.blue, 0xff};
    const uint8_t grey[PIXELS_CHANNELS_MAX] = {colour.green, 0xff};
    for (uint64_t i = 0; i < pixels; i++, to += channels)
        memcpy(to, channels < 3 ? grey : sample, channels);
}

static void copy_box(const struct pixels *from, const struct pixels *box, uint8_t *to)
{
    const struct overlap x = overlap_of(from->width, box->width), y = overlap_of(from->height, box->height);
    const uint32_t channels = from->channels;
    for (uint64_t row = 0; row < y.length; row++)
        memcpy(to + ((y.to + row) * box->width + x.to) * channels,
               from->data + ((y.from + row) * from->width + x.from) * channels, x.length * channels);
}

static mpipe_status cropper_process(void *self, const mpipe_io *io, mpipe_frame *frame)
{
    const struct cropper *cropper = self;
    struct pixels from;
    mpipe_status status = pixels_of(io, frame, &from);
    if (status != MPIPE_OK)
        return status;
    if (from.width == cropper->width && from.height == cropper->height)
        return mpipe_emit(io, 0, frame);
    const int smaller = from.width < cropper->width || from.height < cropper->height;
    if (smaller && cropper->smaller == SMALLER_REFUSE)
        return mpipe_fail(io, MPIPE_BAD_FRAME,
                          "%s: %" PRIu64 "x%" PRIu64 " pixels are fewer than the %" PRIu64 "x%" PRIu64
                          " to cut out; resize before, or set smaller = \"pad\"",
                          subject_of(io, frame).text, from.width, from.height, cropper->width, cropper->height);
    const struct pixels box = {.width = cropper->width, .height = cropper->height, .channels = from.channels};
    mpipe_frame *image = NULL;
    uint8_t *to = NULL;
    status = pixels_create(cropper->host, io, frame, &box, &image, &to);
    if (status != MPIPE_OK)
        return status;
    if (smaller)
        fill_samples(to, box.width * box.height, box.channels, cropper->fill);
    copy_box(&from, &box, to);
    return mpipe_emit(io, 0, image);
}

static const char *const choices_smaller[] = {"refuse", "pad", NULL};

static const mpipe_option size = {.name = "size",
                                  .type = MPIPE_INT,
                                  .fallback = "0",
                                  .min = "0",
                                  .max = "65500",
                                  .unit = "pixels",
                                  .doc = "Both sides of the box; 0: width and height say it."};
static const mpipe_option width = {.name = "width",
                                   .type = MPIPE_INT,
                                   .fallback = "0",
                                   .min = "0",
                                   .max = "65500",
                                   .unit = "pixels",
                                   .doc = "Width of the box, if size is 0."};
static const mpipe_option height = {.name = "height",
                                    .type = MPIPE_INT,
                                    .fallback = "0",
                                    .min = "0",
                                    .max = "65500",
                                    .unit = "pixels",
                                    .doc = "Height of the box, if size is 0."};
static const mpipe_option smaller = {
    .name = "smaller",
    .type = MPIPE_CHOICE,
    .fallback = "refuse",
    .choices = choices_smaller,
    .doc = "What becomes of an image that is smaller than the box: refused, or padded on all sides."};
static const mpipe_option fill = {.name = "fill",
                                  .type = MPIPE_STRING,
                                  .fallback = "#000000",
                                  .doc = "Colour to pad with: \"#rrggbb\", \"white\" or \"black\"."};

static const mpipe_option *const options[] = {&size, &width, &height, &smaller, &fill, NULL};

const mpipe_processor image_center_crop = {
    MPIPE_PROCESSOR,
    .flags = MPIPE_STATELESS | MPIPE_DETERMINISTIC,
    .name = "center_crop",
    .summary = "cuts a box out of the middle of images",
    .example = "files.read path=photos | image.decode | image.resize shorter=256 | image.center_crop size=224 | "
               "image.encode | files.write path=out",
    .options = options,
    .inputs = image_port_in,
    .outputs = image_port_out,
    .load = cropper_load,
    .open = cropper_open,
    .process = cropper_process,
    .close = free,
};
