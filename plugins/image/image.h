/* SPDX-License-Identifier: Apache-2.0
 *
 * The processors of this pack, one a file.
 */
#ifndef IMAGE_H
#define IMAGE_H

#include <micropipe/micropipe.h>

extern const mpipe_processor image_decode;
extern const mpipe_processor image_resize;
extern const mpipe_processor image_center_crop;
extern const mpipe_processor image_encode;

/* Ports of the processors that take or send images. */
extern const mpipe_port *const image_port_in[];
extern const mpipe_port *const image_port_out[];

#endif
