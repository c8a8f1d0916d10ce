/* SPDX-License-Identifier: Apache-2.0
 *
 * Antialiased resampling: two passes of a filter whose support grows with the reduction, as Pillow and torchvision do
 * it.
 */
#ifndef RESAMPLE_H
#define RESAMPLE_H

#include <stdint.h>

#include "pixels.h"

enum resample_filter { RESAMPLE_TRIANGLE, RESAMPLE_LANCZOS3 };

struct resampler;

struct resample_size {
    uint64_t width, height;
};

/* Prepares for images of one size and number of channels. The sides must be below 2^31. 0 or -ENOMEM. */
int resampler_create(enum resample_filter filter, struct resample_size from, struct resample_size to, uint32_t channels,
                     struct resampler **out);
void resampler_destroy(struct resampler **r);

/* True if it was made for this. */
int resampler_fits(const struct resampler *r, struct resample_size from, struct resample_size to, uint32_t channels);

/* Reads from.width * from.height pixels, writes to.width * to.height. */
void resampler_run(struct resampler *r, const uint8_t *from, uint8_t *to);

#endif
