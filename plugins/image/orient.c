/* SPDX-License-Identifier: Apache-2.0 */
#include "orient.h"

#include <string.h>

enum { PIXEL = 3, TILE = 32 }; /* a tile of both sides fits into the first-level cache */

/* Where the pixels of a row go: `start` + x * `step_x` + y * `step_y` pixels. */
struct route {
    ptrdiff_t start, step_x, step_y;
};

bool orient_swaps(int orientation)
{
    return orientation >= 5;
}

static struct route route_of(size_t width, size_t height, int orientation)
{
    const ptrdiff_t w = (ptrdiff_t)width, h = (ptrdiff_t)height, last = w * h - 1;
    switch (orientation) {
    case 2: /* mirrored left to right */
        return (struct route){w - 1, -1, w};
    case 3: /* half a turn */
        return (struct route){last, -1, -w};
    case 4: /* mirrored top to bottom */
        return (struct route){w * (h - 1), 1, -w};
    case 5: /* mirrored along the diagonal from top left */
        return (struct route){0, h, 1};
    case 6: /* must be turned clockwise */
        return (struct route){h - 1, h, -1};
    case 7: /* mirrored along the other diagonal */
        return (struct route){last, -h, -1};
    case 8: /* must be turned anticlockwise */
        return (struct route){h * (w - 1), -h, 1};
    default:
        return (struct route){0, 1, w};
    }
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static void copy_run(const uint8_t *from, size_t n, uint8_t *to, ptrdiff_t step)
{
    for (size_t i = 0; i < n; i++)
        memcpy(to + (ptrdiff_t)i * step * PIXEL, from + i * PIXEL, PIXEL);
}

void orient_copy(const uint8_t *from, size_t width, size_t height, int orientation, uint8_t *to)
{
    const struct route r = route_of(width, height, orientation);
    if (r.step_x == 1 && r.start == 0) {
        memcpy(to, from, width * height * PIXEL);
        return;
    }
    for (size_t top = 0; top < height; top += TILE) {
        for (size_t left = 0; left < width; left += TILE) {
            const size_t n = least(TILE, width - left), bottom = least(top + TILE, height);
            for (size_t y = top; y < bottom; y++)
                copy_run(from + (y * width + left) * PIXEL, n,
                         to + (r.start + (ptrdiff_t)left * r.step_x + (ptrdiff_t)y * r.step_y) * PIXEL, r.step_x);
        }
    }
}
