/* SPDX-License-Identifier: Apache-2.0
 *
 * What the markers in front of a JPEG's pixels say and TurboJPEG does not pass on.
 */
#ifndef JPEG_MARKERS_H
#define JPEG_MARKERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct jpeg_markers {
    int orientation; /* EXIF, 1 to 8 */
    bool adobe;      /* written by Adobe's rules: CMYK samples are inverted */
};

/* Stops quietly where the data makes no sense: TurboJPEG is the judge of that. */
struct jpeg_markers jpeg_markers_read(const uint8_t *bytes, size_t size);

#endif
