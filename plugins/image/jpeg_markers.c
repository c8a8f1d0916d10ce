/* SPDX-License-Identifier: Apache-2.0 */
#include "jpeg_markers.h"

#include <string.h>

#include "exif.h"

enum {
    MARKER_TEM = 0x01,
    MARKER_RST0 = 0xd0,
    MARKER_SOI = 0xd8,
    MARKER_EOI = 0xd9,
    MARKER_SOS = 0xda,
    MARKER_APP1 = 0xe1,
    MARKER_APP14 = 0xee
};

static const char exif_name[6] = "Exif\0";
static const char adobe_name[5] = {'A', 'd', 'o', 'b', 'e'};

static bool has_no_length(uint8_t marker)
{
    return marker == MARKER_TEM || (marker >= MARKER_RST0 && marker <= MARKER_SOI);
}

static void read_segment(struct jpeg_markers *m, uint8_t marker, const uint8_t *body, size_t size)
{
    if (marker == MARKER_APP1 && size > sizeof exif_name && !memcmp(body, exif_name, sizeof exif_name))
        m->orientation = exif_orientation(body + sizeof exif_name, size - sizeof exif_name);
    else if (marker == MARKER_APP14 && size >= 12 && !memcmp(body, adobe_name, sizeof adobe_name))
        m->adobe = true;
}

struct jpeg_markers jpeg_markers_read(const uint8_t *bytes, size_t size)
{
    struct jpeg_markers m = {.orientation = 1, .adobe = false};
    size_t at = 2;
    while (at + 4 <= size) {
        if (bytes[at] != 0xff) { /* garbage between segments: the decoder looks for the next marker too */
            at++;
            continue;
        }
        const uint8_t marker = bytes[at + 1];
        if (marker == MARKER_SOS || marker == MARKER_EOI)
            break;
        if (marker == 0xff || marker == 0x00 || has_no_length(marker)) {
            at += marker == 0xff ? 1 : 2;
            continue;
        }
        const size_t length = (size_t)bytes[at + 2] << 8 | bytes[at + 3];
        if (length < 2 || length > size - at - 2)
            break;
        read_segment(&m, marker, bytes + at + 4, length - 2);
        at += 2 + length;
    }
    return m;
}
