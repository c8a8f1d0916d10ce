/* SPDX-License-Identifier: Apache-2.0 */
#include "colour.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

int colour_parse(const char *text, struct colour *out)
{
    if (!strcmp(text, "white"))
        text = "#ffffff";
    else if (!strcmp(text, "black"))
        text = "#000000";
    if (text[0] != '#' || strlen(text) != 7)
        return -EINVAL;
    for (const char *digit = text + 1; *digit; digit++) {
        if (!isxdigit((unsigned char)*digit))
            return -EINVAL;
    }
    const unsigned long value = strtoul(text + 1, NULL, 16);
    *out = (struct colour){(uint8_t)(value >> 16), (uint8_t)(value >> 8), (uint8_t)value};
    return 0;
}
