#include "quantity.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"

struct quantity quantity_exact(uint64_t n)
{
    struct quantity q;
    char digits[24];
    size_t used = 0;
    int length = snprintf(digits, sizeof digits, "%" PRIu64, n);
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            q.text[used++] = ' ';
        q.text[used++] = digits[i];
    }
    q.text[used] = '\0';
    return q;
}

/* Divides by `step` until fewer than four digits are left, as they will be printed. Returns how often. */
static uint32_t scale(double *n, double step, uint32_t most)
{
    uint32_t times = 0;
    for (; times < most && *n >= 999.5; times++)
        *n /= step;
    return times;
}

/* One digit behind the point, unless three stand before it. */
static int decimals(double n)
{
    return n < 99.95 ? 1 : 0;
}

struct quantity quantity_short(double n)
{
    static const char *const units[] = {"", " k", " M", " G", " T", " P", " E"};
    struct quantity q;
    uint32_t unit = scale(&n, 1000, 6);
    int places = unit == 0 && (n == 0 || n >= 9.95) ? 0 : decimals(n);
    snprintf(q.text, sizeof q.text, "%.*f%s", places, n, units[unit]);
    return q;
}

struct quantity quantity_narrow(double n)
{
    struct quantity q = quantity_short(n);
    char *gap = strchr(q.text, ' ');
    if (gap)
        memmove(gap, gap + 1, strlen(gap));
    return q;
}

static int narrow_decimals(double n)
{
    return n < 9.95 ? 1 : 0;
}

struct quantity quantity_latency(double seconds)
{
    static const char *const units[] = {"ns", "us", "ms", "s"};
    struct quantity q;
    double n = seconds * 1e9;
    uint32_t unit = scale(&n, 1000, 3);
    if (unit == 3 && n >= 99.5)
        snprintf(q.text, sizeof q.text, n < 5940 ? "%.0fmin" : "%.0fh", n < 5940 ? n / 60 : n / 3600);
    else
        snprintf(q.text, sizeof q.text, "%.*f%s", unit == 0 ? 0 : narrow_decimals(n), n, units[unit]);
    return q;
}

struct quantity quantity_memory(double bytes)
{
    static const char *const units[] = {"", "K", "M", "G", "T", "P", "E"};
    struct quantity q;
    uint32_t unit = scale(&bytes, 1024, 6);
    snprintf(q.text, sizeof q.text, "%.*f%s", unit == 0 ? 0 : narrow_decimals(bytes), bytes, units[unit]);
    return q;
}

struct quantity quantity_bytes(uint64_t bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    struct quantity q;
    double n = (double)bytes;
    uint32_t unit = scale(&n, 1024, 6);
    snprintf(q.text, sizeof q.text, "%.*f %s", unit == 0 ? 0 : decimals(n), n, units[unit]);
    return q;
}

struct quantity quantity_clock(uint64_t ns)
{
    struct quantity q;
    uint64_t seconds = ns / NS_PER_S;
    if (seconds < 3600)
        snprintf(q.text, sizeof q.text, "%" PRIu64 ":%02u", seconds / 60, (unsigned)(seconds % 60));
    else
        snprintf(q.text, sizeof q.text, "%" PRIu64 ":%02u:%02u", seconds / 3600, (unsigned)(seconds / 60 % 60),
                 (unsigned)(seconds % 60));
    return q;
}

struct quantity quantity_duration(uint64_t ns)
{
    struct quantity q;
    double ms = (double)ns / (double)NS_PER_MS;
    if (ms < 999.5)
        snprintf(q.text, sizeof q.text, "%.*f ms", ms < 9.95 ? 1 : 0, ms);
    else if (ns < 60 * NS_PER_S)
        snprintf(q.text, sizeof q.text, "%.1f s", ms / 1000);
    else
        snprintf(q.text, sizeof q.text, "%.16s %s", quantity_clock(ns).text, ns < 3600 * NS_PER_S ? "min" : "h");
    return q;
}
