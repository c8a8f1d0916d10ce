/* SPDX-License-Identifier: Apache-2.0
 *
 * Turns an RGB picture upright: the eight EXIF orientations.
 */
#ifndef ORIENT_H
#define ORIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ORIENT_UPRIGHT 1

/* True if width and height change places. */
bool orient_swaps(int orientation);

/* Copies `width` x `height` RGB pixels from `from` to `to`, turned. Both are packed; they may not overlap. */
void orient_copy(const uint8_t *from, size_t width, size_t height, int orientation, uint8_t *to);

#endif
