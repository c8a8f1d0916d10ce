/* SPDX-License-Identifier: Apache-2.0 */
#include "image.h"

static const mpipe_port port_in = {.name = "in", .doc = "images, 8 bits a sample", .type = MPIPE_IMAGE};
static const mpipe_port port_out = {.name = "out", .doc = "images, 8 bits a sample", .type = MPIPE_IMAGE};

const mpipe_port *const image_port_in[] = {&port_in, NULL};
const mpipe_port *const image_port_out[] = {&port_out, NULL};

MPIPE_PLUGIN("image", "1.0.0", &image_decode, &image_resize, &image_center_crop, &image_encode)
