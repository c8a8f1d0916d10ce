/* SPDX-License-Identifier: Apache-2.0 */
#include "resample.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Four samples at a time: a pixel of up to four channels. The load may reach beyond the pixel, so rows have slack. */
typedef float lanes __attribute__((vector_size(4 * sizeof(float))));
enum { LANES = 4 };

/* The weights of one axis: output i is the sum of weight[i * stride + j] times input first[i] + j, j below count[i]. */
struct taps {
    uint32_t *first, *count;
    float *weight;
    size_t stride;
};

struct resampler {
    enum resample_filter filter;
    struct resample_size from, to;
    uint32_t channels;
    struct taps across, down;
    float *row; /* one input row's width, filtered downwards */
};

static double triangle(double x)
{
    x = fabs(x);
    return x < 1.0 ? 1.0 - x : 0.0;
}

static double sinc(double x)
{
    return x == 0.0 ? 1.0 : sin(M_PI * x) / (M_PI * x);
}

static double lanczos3(double x)
{
    return fabs(x) < 3.0 ? sinc(x) * sinc(x / 3.0) : 0.0;
}

static void taps_destroy(struct taps *t)
{
    free(t->first);
    free(t->count);
    free(t->weight);
}

static void taps_fill(struct taps *t, enum resample_filter filter, double from, size_t to)
{
    const double scale = from / (double)to;
    const double stretch = scale < 1.0 ? 1.0 : scale; /* a filter narrower than a pixel would skip pixels */
    const double support = (filter == RESAMPLE_TRIANGLE ? 1.0 : 3.0) * stretch;
    for (size_t i = 0; i < to; i++) {
        const double centre = ((double)i + 0.5) * scale;
        const double low = fmax(0.0, floor(centre - support + 0.5)), high = fmin(from, floor(centre + support + 0.5));
        float *weight = t->weight + i * t->stride;
        double sum = 0.0;
        t->first[i] = (uint32_t)low;
        t->count[i] = (uint32_t)(high - low);
        for (uint32_t j = 0; j < t->count[i]; j++) {
            const double x = (low + j - centre + 0.5) / stretch;
            const double w = filter == RESAMPLE_TRIANGLE ? triangle(x) : lanczos3(x);
            weight[j] = (float)w;
            sum += w;
        }
        for (uint32_t j = 0; j < t->count[i]; j++)
            weight[j] = (float)((double)weight[j] / sum);
    }
}

static int taps_create(struct taps *t, enum resample_filter filter, uint64_t from, uint64_t to)
{
    const double scale = (double)from / (double)to;
    const double support = (filter == RESAMPLE_TRIANGLE ? 1.0 : 3.0) * (scale < 1.0 ? 1.0 : scale);
    t->stride = (size_t)ceil(support) * 2 + 1;
    t->first = calloc(to, sizeof *t->first);
    t->count = calloc(to, sizeof *t->count);
    size_t weights;
    if (!t->first || !t->count || __builtin_mul_overflow(to, t->stride, &weights))
        return -ENOMEM;
    t->weight = calloc(weights, sizeof *t->weight);
    if (!t->weight)
        return -ENOMEM;
    taps_fill(t, filter, (double)from, to);
    return 0;
}

int resampler_create(enum resample_filter filter, struct resample_size from, struct resample_size to, uint32_t channels,
                     struct resampler **out)
{
    struct resampler *r = calloc(1, sizeof *r);
    if (!r)
        return -ENOMEM;
    r->filter = filter;
    r->from = from;
    r->to = to;
    r->channels = channels;
    r->row = calloc(from.width * channels + LANES, sizeof *r->row);
    if (!r->row || taps_create(&r->across, filter, from.width, to.width) ||
        taps_create(&r->down, filter, from.height, to.height)) {
        resampler_destroy(&r);
        return -ENOMEM;
    }
    *out = r;
    return 0;
}

void resampler_destroy(struct resampler **r)
{
    if (!*r)
        return;
    taps_destroy(&(*r)->across);
    taps_destroy(&(*r)->down);
    free((*r)->row);
    free(*r);
    *r = NULL;
}

int resampler_fits(const struct resampler *r, struct resample_size from, struct resample_size to, uint32_t channels)
{
    return r->from.width == from.width && r->from.height == from.height && r->to.width == to.width &&
           r->to.height == to.height && r->channels == channels;
}

/* The weighted sum of four rows, so that the sums go through memory once for four. */
static void add_four_rows(float *restrict sum, const uint8_t *restrict rows, size_t n, const float *restrict weight)
{
    const uint8_t *const a = rows, *const b = a + n, *const c = b + n, *const d = c + n;
    const float wa = weight[0], wb = weight[1], wc = weight[2], wd = weight[3];
    for (size_t i = 0; i < n; i++)
        sum[i] += wa * (float)a[i] + wb * (float)b[i] + wc * (float)c[i] + wd * (float)d[i];
}

static void add_row(float *restrict sum, const uint8_t *restrict row, size_t n, float weight)
{
    for (size_t i = 0; i < n; i++)
        sum[i] += weight * (float)row[i];
}

static void filter_down(const struct resampler *r, const uint8_t *from, size_t y)
{
    const size_t n = r->from.width * r->channels;
    const float *weight = r->down.weight + y * r->down.stride;
    const uint8_t *rows = from + r->down.first[y] * n;
    const uint32_t count = r->down.count[y];
    memset(r->row, 0, n * sizeof *r->row);
    uint32_t j = 0;
    for (; j + 4 <= count; j += 4)
        add_four_rows(r->row, rows + j * n, n, weight + j);
    for (; j < count; j++)
        add_row(r->row, rows + j * n, n, weight[j]);
}

static uint8_t to_sample(float value)
{
    const float rounded = value + 0.5f;
    return rounded <= 0.0f ? 0 : rounded >= 255.0f ? 255 : (uint8_t)rounded;
}

static void filter_across(const struct resampler *r, uint8_t *to)
{
    for (size_t x = 0; x < r->to.width; x++) {
        const float *weight = r->across.weight + x * r->across.stride;
        const float *pixel = r->row + (size_t)r->across.first[x] * r->channels;
        lanes sum = {0};
        for (uint32_t j = 0; j < r->across.count[x]; j++, pixel += r->channels) {
            lanes samples;
            memcpy(&samples, pixel, sizeof samples);
            sum += samples * weight[j];
        }
        for (uint32_t c = 0; c < r->channels; c++)
            *to++ = to_sample(sum[c]);
    }
}

void resampler_run(struct resampler *r, const uint8_t *from, uint8_t *to)
{
    for (size_t y = 0; y < r->to.height; y++) {
        filter_down(r, from, y);
        filter_across(r, to + y * r->to.width * r->channels);
    }
}
