/* SPDX-License-Identifier: Apache-2.0
 *
 * image.decode: JPEG and PNG files to upright RGB pixels, straight into the frame that goes on.
 */
#include "image.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "colour.h"
#include "jpeg_reader.h"
#include "orient.h"
#include "pixels.h"
#include "png_reader.h"
#include "subject.h"

enum { RGB = 3 };

struct decoder {
    const mpipe_host *host;
    struct jpeg_reader *jpeg;
    uint64_t max_pixels;
    uint32_t hint_shorter;
    int auto_orient, tolerant;
    struct colour background;
};

static void decoder_close(void *self)
{
    struct decoder *d = self;
    jpeg_reader_destroy(&d->jpeg);
    free(d);
}

static mpipe_status decoder_open(const mpipe_host *host, void *shared, void **self)
{
    (void)shared;
    struct colour background;
    const char *text = mpipe_option_text(host, "background");
    if (colour_parse(text, &background)) {
        mpipe_log(host, MPIPE_LOG_ERROR, "background = \"%s\": write a colour as \"#rrggbb\", \"white\" or \"black\"",
                  text);
        return MPIPE_BAD_CONFIG;
    }
    struct decoder *d = calloc(1, sizeof *d);
    if (!d)
        return MPIPE_FATAL;
    *d = (struct decoder){
        .host = host,
        .max_pixels = (uint64_t)mpipe_option_int(host, "max_pixels"),
        .hint_shorter = (uint32_t)mpipe_option_int(host, "hint_shorter"),
        .auto_orient = mpipe_option_int(host, "auto_orient") != 0,
        .tolerant = mpipe_option_int(host, "tolerant") != 0,
        .background = background,
    };
    if (jpeg_reader_create(&d->jpeg)) {
        decoder_close(d);
        return MPIPE_FATAL;
    }
    *self = d;
    return MPIPE_OK;
}

/* An encoded image whose header has been read: one of the two readers, and what comes out of it. */
struct job {
    const struct jpeg_image *jpeg; /* NULL: it is a PNG */
    struct png_reader *png;
    uint32_t width, height; /* before it is turned upright */
    int orientation;
};

static int job_decode(struct decoder *d, const struct job *job, uint8_t *to)
{
    if (job->jpeg)
        return jpeg_reader_rgb(d->jpeg, job->jpeg, d->tolerant, to);
    return png_reader_rgb(job->png, d->background, d->tolerant, to);
}

static int job_decode_upright(struct decoder *d, const struct job *job, uint8_t *to)
{
    if (job->orientation == ORIENT_UPRIGHT)
        return job_decode(d, job, to);
    uint8_t *lying = malloc((size_t)job->width * job->height * RGB);
    if (!lying)
        return -ENOMEM;
    const int error = job_decode(d, job, lying);
    if (!error)
        orient_copy(lying, job->width, job->height, job->orientation, to);
    free(lying);
    return error;
}

static mpipe_status refuse_damaged(const struct decoder *d, const mpipe_io *io, const mpipe_frame *frame,
                                   const struct job *job)
{
    return mpipe_fail(io, MPIPE_BAD_FRAME, "%s: damaged %s: %s", subject_of(io, frame).text, job->jpeg ? "JPEG" : "PNG",
                      job->jpeg ? jpeg_reader_reason(d->jpeg) : png_reader_reason(job->png));
}

static mpipe_status refuse_memory(const mpipe_io *io, const mpipe_frame *frame)
{
    return mpipe_fail(io, MPIPE_RETRY, "%s: the system has no memory to decode it", subject_of(io, frame).text);
}

static mpipe_status check_pixels(const struct decoder *d, const mpipe_io *io, const mpipe_frame *frame, uint64_t width,
                                 uint64_t height)
{
    if (width * height <= d->max_pixels) /* both are below 2^32 */
        return MPIPE_OK;
    return mpipe_fail(io, MPIPE_BAD_FRAME, "%s: %" PRIu64 "x%" PRIu64 " pixels are more than max_pixels = %" PRIu64,
                      subject_of(io, frame).text, width, height, d->max_pixels);
}

static mpipe_status run_job(struct decoder *d, const mpipe_io *io, const mpipe_frame *frame, const struct job *job)
{
    const int swaps = orient_swaps(job->orientation);
    const struct pixels like = {
        .width = swaps ? job->height : job->width, .height = swaps ? job->width : job->height, .channels = RGB};
    mpipe_frame *image = NULL;
    uint8_t *to = NULL;
    const mpipe_status status = pixels_create(d->host, io, frame, &like, &image, &to);
    if (status != MPIPE_OK)
        return status;
    const int error = job_decode_upright(d, job, to);
    if (error == -ENOMEM)
        return refuse_memory(io, frame);
    if (error)
        return refuse_damaged(d, io, frame, job);
    return mpipe_emit(io, 0, image);
}

static mpipe_status decode_jpeg(struct decoder *d, const mpipe_io *io, const mpipe_frame *frame)
{
    struct jpeg_image image;
    struct job job = {.jpeg = &image};
    const int error = jpeg_reader_header(d->jpeg, frame->data, frame->size, &image);
    if (error)
        return error == -ENOMEM ? refuse_memory(io, frame) : refuse_damaged(d, io, frame, &job);
    const mpipe_status status = check_pixels(d, io, frame, image.full_width, image.full_height);
    if (status != MPIPE_OK)
        return status;
    if (d->hint_shorter)
        jpeg_reader_shrink(&image, d->hint_shorter);
    job.width = image.width;
    job.height = image.height;
    job.orientation = d->auto_orient ? image.orientation : ORIENT_UPRIGHT;
    return run_job(d, io, frame, &job);
}

static mpipe_status decode_png(struct decoder *d, const mpipe_io *io, const mpipe_frame *frame)
{
    struct job job = {.jpeg = NULL};
    const int error = png_reader_create(frame->data, frame->size, &job.png);
    mpipe_status status;
    if (error == -ENOMEM) {
        status = refuse_memory(io, frame);
    } else if (error) {
        status = refuse_damaged(d, io, frame, &job);
    } else {
        const struct png_image image = png_reader_image(job.png);
        job.width = image.width;
        job.height = image.height;
        job.orientation = d->auto_orient ? image.orientation : ORIENT_UPRIGHT;
        status = check_pixels(d, io, frame, image.width, image.height);
        if (status == MPIPE_OK)
            status = run_job(d, io, frame, &job);
    }
    png_reader_destroy(&job.png);
    return status;
}

static mpipe_status refuse_unknown(const mpipe_io *io, const mpipe_frame *frame)
{
    char start[9] = "";
    const uint64_t n = frame->size < sizeof start - 1 ? frame->size : sizeof start - 1;
    for (uint64_t i = 0; i < n; i++)
        start[i] = frame->data[i] >= 0x20 && frame->data[i] < 0x7f ? (char)frame->data[i] : '.';
    return mpipe_fail(io, MPIPE_BAD_FRAME, "%s: neither JPEG nor PNG: %" PRIu64 " bytes that start with \"%s\"",
                      subject_of(io, frame).text, frame->size, start);
}

static mpipe_status decoder_process(void *self, const mpipe_io *io, mpipe_frame *frame)
{
    struct decoder *d = self;
    if (jpeg_reader_recognises(frame->data, frame->size))
        return decode_jpeg(d, io, frame);
    if (png_reader_recognises(frame->data, frame->size))
        return decode_png(d, io, frame);
    return refuse_unknown(io, frame);
}

static const mpipe_option hint_shorter = {.name = "hint_shorter",
                                          .type = MPIPE_INT,
                                          .fallback = "0",
                                          .min = "0",
                                          .max = "65500",
                                          .unit = "pixels",
                                          .doc = "JPEG only: decode at 1/2, 1/4 or 1/8 as long as the shorter side "
                                                 "keeps at least this size, for a later resize; 0: full size."};
static const mpipe_option max_pixels = {
    .name = "max_pixels",
    .type = MPIPE_INT,
    .fallback = "178956970",
    .min = "1",
    .max = "4294836225",
    .unit = "pixels",
    .doc = "Larger images (width x height, as stored) are refused before any memory is taken for them."};
static const mpipe_option auto_orient = {.name = "auto_orient",
                                         .type = MPIPE_BOOL,
                                         .fallback = "true",
                                         .doc = "Turn the image upright as its EXIF orientation says."};
static const mpipe_option background = {.name = "background",
                                        .type = MPIPE_STRING,
                                        .fallback = "#ffffff",
                                        .doc = "Colour under transparent pixels: \"#rrggbb\", \"white\" or \"black\"."};
static const mpipe_option tolerant = {
    .name = "tolerant",
    .type = MPIPE_BOOL,
    .fallback = "false",
    .doc = "Take damaged images too, with grey (JPEG) or the background (PNG) where pixels are missing."};

static const mpipe_option *const options[] = {&hint_shorter, &max_pixels, &auto_orient, &background, &tolerant, NULL};

static const mpipe_port port_in = {.name = "in", .doc = "JPEG and PNG files, one a frame", .type = MPIPE_BYTES};
static const mpipe_port *const inputs[] = {&port_in, NULL};

const mpipe_processor image_decode = {
    MPIPE_PROCESSOR,
    .flags = MPIPE_STATELESS | MPIPE_DETERMINISTIC,
    .name = "decode",
    .summary = "JPEG and PNG files to RGB pixels",
    .example = "files.read path=photos | image.decode hint_shorter=256 | image.resize shorter=256 | image.encode | "
               "files.write path=out",
    .options = options,
    .inputs = inputs,
    .outputs = image_port_out,
    .open = decoder_open,
    .process = decoder_process,
    .close = decoder_close,
};
