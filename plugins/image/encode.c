/* SPDX-License-Identifier: Apache-2.0
 *
 * image.encode: images to JPEG or PNG. The same pixels give the same bytes.
 */
#include "image.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <turbojpeg.h>

#include "pixels.h"
#include "png_writer.h"
#include "subject.h"

enum format { FORMAT_JPEG, FORMAT_PNG }; /* in the order of the option's choices */

enum { JPEG_SIDE_MAX = 65500 };

/* Encoded bytes have an unknown length, so they are made in the encoder's own memory: a frame that could hold the worst
 * case would occupy many times what it needs until its reader is done. */
struct encoder {
    const mpipe_host *host;
    enum format format;
    int quality, subsampling;
    tjhandle jpeg;
    unsigned char *jpeg_bytes;
    unsigned long jpeg_capacity;
    struct png_writer *png;
};

static void encoder_close(void *self)
{
    struct encoder *e = self;
    if (e->jpeg)
        tjDestroy(e->jpeg);
    tjFree(e->jpeg_bytes);
    png_writer_destroy(&e->png);
    free(e);
}

static mpipe_status encoder_open(const mpipe_host *host, void *shared, void **self)
{
    static const int subsamplings[] = {TJSAMP_420, TJSAMP_422, TJSAMP_444};
    (void)shared;
    struct encoder *e = calloc(1, sizeof *e);
    if (!e)
        return MPIPE_FATAL;
    e->host = host;
    e->format = (enum format)mpipe_option_int(host, "format");
    e->quality = (int)mpipe_option_int(host, "quality");
    e->subsampling = subsamplings[mpipe_option_int(host, "chroma")];
    e->jpeg = tjInitCompress();
    if (!e->jpeg || png_writer_create((int)mpipe_option_int(host, "level"), &e->png)) {
        encoder_close(e);
        return MPIPE_FATAL;
    }
    *self = e;
    return MPIPE_OK;
}

static mpipe_status refuse_memory(const mpipe_io *io, const mpipe_frame *frame)
{
    mpipe_fail(io, MPIPE_RETRY, "%s: the system has no memory to encode it", subject_of(io, frame).text);
    return MPIPE_RETRY;
}

static mpipe_status reserve_jpeg(struct encoder *e, const struct pixels *image, int subsampling)
{
    const unsigned long need = tjBufSize((int)image->width, (int)image->height, subsampling);
    if (need == (unsigned long)-1)
        return MPIPE_NO_MEMORY;
    if (need <= e->jpeg_capacity)
        return MPIPE_OK;
    tjFree(e->jpeg_bytes);
    e->jpeg_bytes = need <= INT32_MAX ? tjAlloc((int)need) : NULL;
    e->jpeg_capacity = e->jpeg_bytes ? need : 0;
    return e->jpeg_bytes ? MPIPE_OK : MPIPE_NO_MEMORY;
}

static mpipe_status encode_jpeg(struct encoder *e, const mpipe_io *io, const mpipe_frame *frame,
                                const struct pixels *image, size_t *size)
{
    if (image->channels != 1 && image->channels != 3)
        return mpipe_fail(io, MPIPE_BAD_FRAME, "%s: JPEG has 1 or 3 channels, not %u; use format = \"png\"",
                          subject_of(io, frame).text, image->channels);
    if (image->width > JPEG_SIDE_MAX || image->height > JPEG_SIDE_MAX)
        return mpipe_fail(io, MPIPE_BAD_FRAME,
                          "%s: %" PRIu64 "x%" PRIu64 " pixels: JPEG allows sides of at most %d; use format = \"png\"",
                          subject_of(io, frame).text, image->width, image->height, JPEG_SIDE_MAX);
    const int grey = image->channels == 1;
    const int subsampling = grey ? TJSAMP_GRAY : e->subsampling;
    if (reserve_jpeg(e, image, subsampling) != MPIPE_OK)
        return refuse_memory(io, frame);
    unsigned long length = e->jpeg_capacity;
    if (tjCompress2(e->jpeg, image->data, (int)image->width, 0, (int)image->height, grey ? TJPF_GRAY : TJPF_RGB,
                    &e->jpeg_bytes, &length, subsampling, e->quality, TJFLAG_NOREALLOC | TJFLAG_ACCURATEDCT))
        return mpipe_fail(io, MPIPE_BAD_FRAME, "%s: cannot be encoded: %s", subject_of(io, frame).text,
                          tjGetErrorStr2(e->jpeg));
    *size = length;
    return MPIPE_OK;
}

static mpipe_status encode_png(struct encoder *e, const mpipe_io *io, const mpipe_frame *frame,
                               const struct pixels *image, const uint8_t **bytes, size_t *size)
{
    const int error = png_writer_encode(e->png, image, bytes, size);
    if (error == -ENOMEM)
        return refuse_memory(io, frame);
    if (error)
        return mpipe_fail(io, MPIPE_BAD_FRAME, "%s: cannot be encoded: %s", subject_of(io, frame).text,
                          png_writer_reason(e->png));
    return MPIPE_OK;
}

static mpipe_status emit_file(const struct encoder *e, const mpipe_io *io, const mpipe_frame *parent,
                              const uint8_t *bytes, size_t size)
{
    static const char *const names[] = {"jpeg", "png"};
    if (size > e->host->max_frame)
        return mpipe_fail(io, MPIPE_BAD_FRAME,
                          "%s: %zu bytes do not fit into this stage's largest frame of %" PRIu64
                          "; raise memory, or stages.%s.memory",
                          subject_of(io, parent).text, size, e->host->max_frame, e->host->stage);
    mpipe_frame *file = mpipe_create(io, size, parent);
    if (!file)
        return MPIPE_NO_MEMORY;
    const char *format = names[e->format];
    mpipe_status status = mpipe_set_attribute(io, &file, MPIPE_ATTR_SHAPE, NULL, 0);
    if (status == MPIPE_OK)
        status = mpipe_set_attribute(io, &file, MPIPE_ATTR_DTYPE, NULL, 0);
    if (status == MPIPE_OK) /* last: it takes less than what the two left */
        status = mpipe_set_attribute(io, &file, MPIPE_ATTR_FORMAT, format, strlen(format));
    if (status == MPIPE_OK)
        status = mpipe_resize(io, &file, size);
    if (status != MPIPE_OK)
        return status;
    uint8_t *to = mpipe_writable(io, &file);
    if (!to)
        return MPIPE_NO_MEMORY;
    memcpy(to, bytes, size);
    file->type = MPIPE_BYTES;
    return mpipe_emit(io, 0, file);
}

static mpipe_status encoder_process(void *self, const mpipe_io *io, mpipe_frame *frame)
{
    struct encoder *e = self;
    struct pixels image;
    mpipe_status status = pixels_of(io, frame, &image);
    if (status != MPIPE_OK)
        return status;
    const uint8_t *bytes = NULL;
    size_t size = 0;
    if (e->format == FORMAT_PNG) {
        status = encode_png(e, io, frame, &image, &bytes, &size);
    } else {
        status = encode_jpeg(e, io, frame, &image, &size);
        bytes = e->jpeg_bytes;
    }
    return status == MPIPE_OK ? emit_file(e, io, frame, bytes, size) : status;
}

static const char *const formats[] = {"jpeg", "png", NULL};
static const char *const chromas[] = {"420", "422", "444", NULL};

static const mpipe_option format = {
    .name = "format",
    .type = MPIPE_CHOICE,
    .fallback = "jpeg",
    .choices = formats,
    .doc = "The file format to make; it is also the value of the frame's attribute \"format\"."};
static const mpipe_option quality = {.name = "quality",
                                     .type = MPIPE_INT,
                                     .fallback = "90",
                                     .min = "1",
                                     .max = "100",
                                     .doc = "JPEG: from 1, small, to 100, faithful."};
static const mpipe_option chroma = {
    .name = "chroma",
    .type = MPIPE_CHOICE,
    .fallback = "420",
    .choices = chromas,
    .doc = "JPEG: 420 stores colour at half the resolution in both directions, 422 in one, 444 in none."};
static const mpipe_option level = {.name = "level",
                                   .type = MPIPE_INT,
                                   .fallback = "6",
                                   .min = "0",
                                   .max = "9",
                                   .doc = "PNG: from 0, fast, to 9, small."};

static const mpipe_option *const options[] = {&format, &quality, &chroma, &level, NULL};

static const mpipe_port port_out = {.name = "out", .doc = "JPEG or PNG files, one a frame", .type = MPIPE_BYTES};
static const mpipe_port *const outputs[] = {&port_out, NULL};

const mpipe_processor image_encode = {
    MPIPE_PROCESSOR,
    .flags = MPIPE_STATELESS | MPIPE_DETERMINISTIC,
    .name = "encode",
    .summary = "images to JPEG or PNG files",
    .example =
        "files.read path=photos | image.decode | image.encode format=png | files.write path=out name={dir}{stem}.png",
    .options = options,
    .inputs = image_port_in,
    .outputs = outputs,
    .open = encoder_open,
    .process = encoder_process,
    .close = encoder_close,
};
