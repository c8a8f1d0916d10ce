/* SPDX-License-Identifier: Apache-2.0
 *
 * image.resize: antialiased resizing to a shorter side, a width, a height, or a box.
 */
#include "image.h"

#include <inttypes.h>
#include <stdlib.h>

#include "pixels.h"
#include "resample.h"
#include "subject.h"

enum fit { FIT_STRETCH, FIT_INSIDE, FIT_COVER }; /* in the order of the option's choices */

struct resizer {
    const mpipe_host *host;
    uint64_t shorter, width, height; /* 0: not given */
    enum fit fit;
    enum resample_filter filter;
    int enlarge;
    struct resampler *resampler; /* for the sizes of the last image; NULL at first */
};

static void resizer_close(void *self)
{
    struct resizer *z = self;
    resampler_destroy(&z->resampler);
    free(z);
}

static mpipe_status check_options(const mpipe_host *host, const struct resizer *z)
{
    const char *problem = NULL;
    if (!z->shorter && !z->width && !z->height)
        problem = "say how large: set shorter, width or height";
    else if (z->shorter && (z->width || z->height))
        problem = "shorter cannot be combined with width or height: set one or the other";
    if (!problem)
        return MPIPE_OK;
    mpipe_log(host, MPIPE_LOG_ERROR, "image.resize: %s", problem);
    return MPIPE_BAD_CONFIG;
}

static struct resizer options_of(const mpipe_host *host)
{
    return (struct resizer){
        .host = host,
        .shorter = (uint64_t)mpipe_option_int(host, "shorter"),
        .width = (uint64_t)mpipe_option_int(host, "width"),
        .height = (uint64_t)mpipe_option_int(host, "height"),
        .fit = (enum fit)mpipe_option_int(host, "fit"),
        .filter = (enum resample_filter)mpipe_option_int(host, "filter"),
        .enlarge = mpipe_option_int(host, "enlarge") != 0,
    };
}

static mpipe_status resizer_load(const mpipe_host *host, void **shared)
{
    (void)shared;
    const struct resizer z = options_of(host);
    return check_options(host, &z);
}

static mpipe_status resizer_open(const mpipe_host *host, void *shared, void **self)
{
    (void)shared;
    struct resizer *z = malloc(sizeof *z);
    if (!z)
        return MPIPE_FATAL;
    *z = options_of(host);
    *self = z;
    return MPIPE_OK;
}

/* The other side, when a side of `from` pixels becomes `to`; rounded down, as torchvision does. */
static uint64_t in_proportion(uint64_t other, uint64_t from, uint64_t to)
{
    const uint64_t scaled = (uint64_t)((unsigned __int128)other * to / from);
    return scaled ? scaled : 1;
}

static struct resample_size by_width(const struct pixels *p, uint64_t width)
{
    return (struct resample_size){width, in_proportion(p->height, p->width, width)};
}

static struct resample_size by_height(const struct pixels *p, uint64_t height)
{
    return (struct resample_size){in_proportion(p->width, p->height, height), height};
}

static struct resample_size target_size(const struct resizer *z, const struct pixels *p)
{
    if (z->shorter)
        return p->width <= p->height ? by_width(p, z->shorter) : by_height(p, z->shorter);
    if (!z->height)
        return by_width(p, z->width);
    if (!z->width)
        return by_height(p, z->height);
    if (z->fit == FIT_STRETCH)
        return (struct resample_size){z->width, z->height};
    const struct resample_size size = by_width(p, z->width);
    const int too_high = size.height > z->height;
    return too_high == (z->fit == FIT_INSIDE) && size.height != z->height ? by_height(p, z->height) : size;
}

static mpipe_status prepare(struct resizer *z, const mpipe_io *io, const mpipe_frame *frame, const struct pixels *from,
                            struct resample_size to)
{
    const struct resample_size size = {from->width, from->height};
    if (z->resampler && resampler_fits(z->resampler, size, to, from->channels))
        return MPIPE_OK;
    if (size.width > INT32_MAX || size.height > INT32_MAX || to.width > INT32_MAX || to.height > INT32_MAX)
        return mpipe_fail(io, MPIPE_BAD_FRAME, "%s: a side of more than %d pixels cannot be resized",
                          subject_of(io, frame).text, INT32_MAX);
    resampler_destroy(&z->resampler);
    if (resampler_create(z->filter, size, to, from->channels, &z->resampler))
        return mpipe_fail(io, MPIPE_RETRY, "%s: the system has no memory to resize it", subject_of(io, frame).text);
    return MPIPE_OK;
}

static mpipe_status resizer_process(void *self, const mpipe_io *io, mpipe_frame *frame)
{
    struct resizer *z = self;
    struct pixels from;
    mpipe_status status = pixels_of(io, frame, &from);
    if (status != MPIPE_OK)
        return status;
    const struct resample_size to = target_size(z, &from);
    const int same = to.width == from.width && to.height == from.height;
    const int larger = to.width > from.width || to.height > from.height;
    if (same || (larger && !z->enlarge))
        return mpipe_emit(io, 0, frame);
    const struct pixels like = {.width = to.width, .height = to.height, .channels = from.channels};
    mpipe_frame *image = NULL;
    uint8_t *bytes = NULL;
    status = pixels_create(z->host, io, frame, &like, &image, &bytes);
    if (status == MPIPE_OK)
        status = prepare(z, io, frame, &from, to);
    if (status != MPIPE_OK)
        return status;
    resampler_run(z->resampler, from.data, bytes);
    return mpipe_emit(io, 0, image);
}

static const char *const fits[] = {"stretch", "inside", "cover", NULL};
static const char *const filters[] = {"triangle", "lanczos3", NULL};

static const mpipe_option shorter = {
    .name = "shorter",
    .type = MPIPE_INT,
    .fallback = "0",
    .min = "0",
    .max = "65500",
    .unit = "pixels",
    .doc = "The shorter side becomes this long, the other one follows in proportion; 0: not set."};
static const mpipe_option width = {.name = "width",
                                   .type = MPIPE_INT,
                                   .fallback = "0",
                                   .min = "0",
                                   .max = "65500",
                                   .unit = "pixels",
                                   .doc = "The new width; without height, that follows in proportion; 0: not set."};
static const mpipe_option height = {.name = "height",
                                    .type = MPIPE_INT,
                                    .fallback = "0",
                                    .min = "0",
                                    .max = "65500",
                                    .unit = "pixels",
                                    .doc = "The new height; without width, that follows in proportion; 0: not set."};
static const mpipe_option fit = {.name = "fit",
                                 .type = MPIPE_CHOICE,
                                 .fallback = "stretch",
                                 .choices = fits,
                                 .doc = "With width and height both set: exactly that (stretch), or in proportion and "
                                        "within it (inside), or no side below it (cover)."};
static const mpipe_option filter = {
    .name = "filter",
    .type = MPIPE_CHOICE,
    .fallback = "triangle",
    .choices = filters,
    .doc = "triangle is antialiased bilinear, as torchvision and Pillow do it; lanczos3 is sharper and takes longer."};
static const mpipe_option enlarge = {.name = "enlarge",
                                     .type = MPIPE_BOOL,
                                     .fallback = "true",
                                     .doc = "If false, an image of which a side would grow is passed on as it is."};

static const mpipe_option *const options[] = {&shorter, &width, &height, &fit, &filter, &enlarge, NULL};

const mpipe_processor image_resize = {
    MPIPE_PROCESSOR,
    .flags = MPIPE_STATELESS | MPIPE_DETERMINISTIC,
    .name = "resize",
    .summary = "resizes images, antialiased",
    .example = "files.read path=photos | image.decode | image.resize width=640 height=480 fit=inside | image.encode | "
               "files.write path=out",
    .options = options,
    .inputs = image_port_in,
    .outputs = image_port_out,
    .load = resizer_load,
    .open = resizer_open,
    .process = resizer_process,
    .close = resizer_close,
};
