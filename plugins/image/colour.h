/* SPDX-License-Identifier: Apache-2.0
 *
 * A colour as an option writes it: "#rrggbb", "white" or "black".
 */
#ifndef COLOUR_H
#define COLOUR_H

#include <stdint.h>

struct colour {
    uint8_t red, green, blue;
};

/* 0 or -EINVAL. */
int colour_parse(const char *text, struct colour *out);

#endif
