/* SPDX-License-Identifier: Apache-2.0
 *
 * The one thing that we want from EXIF: which way up a picture is. Never trusts a byte of it.
 */
#ifndef EXIF_H
#define EXIF_H

#include <stddef.h>
#include <stdint.h>

/* `tiff` is the TIFF structure that starts with "II*\0" or "MM\0*". 1 to 8; 1 (as it is) if there is no orientation or
 * the data is broken. */
int exif_orientation(const uint8_t *tiff, size_t size);

#endif
