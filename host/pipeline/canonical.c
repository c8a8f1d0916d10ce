#include "canonical.h"

#include <inttypes.h>
#include <micropipe/option.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct unit {
    const char *name;
    int64_t factor;
};

/* Greatest first; the first that divides the value is used. The last divides all. */
static const struct unit size_units[] = {
    {"T", INT64_C(1) << 40}, {"G", INT64_C(1) << 30}, {"M", INT64_C(1) << 20}, {"K", INT64_C(1) << 10}, {"", 1}};

static const struct unit time_units[] = {{"h", INT64_C(3600000000000)}, {"m", INT64_C(60000000000)},
                                         {"s", INT64_C(1000000000)},    {"ms", INT64_C(1000000)},
                                         {"us", INT64_C(1000)},         {"ns", 1}};

static char *measure_text(const struct unit *unit, int64_t n, const char *zero, struct region *r)
{
    if (n == 0)
        return region_text(r, zero);
    while (n % unit->factor != 0)
        unit++;
    return region_format(r, "%" PRId64 "%s", n / unit->factor, unit->name);
}

/* With a point or an exponent, so that it is not an integer to libconfig. */
static char *float_text(double number, struct region *r)
{
    char text[40];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, number);
        if (strtod(text, NULL) == number)
            break;
    }
    return region_format(r, "%s%s", text, strpbrk(text, ".e") ? "" : ".0");
}

char *canonical_text(uint32_t type, const struct value *v, struct region *r)
{
    switch (type) {
    case MPIPE_BOOL:
        return region_text(r, v->integer ? "true" : "false");
    case MPIPE_FLOAT:
        return float_text(v->number, r);
    case MPIPE_SIZE:
        return measure_text(size_units, v->integer, "0", r);
    case MPIPE_TIME:
        return measure_text(time_units, v->integer, "0s", r);
    default:
        return region_format(r, "%" PRId64, v->integer);
    }
}
