#include "value.h"

#include <errno.h>
#include <math.h>
#include <micropipe/option.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

struct unit {
    const char *name;
    double factor;
};

static const struct unit size_units[] = {{"", 1},       {"K", 0x1p10}, {"M", 0x1p20},
                                         {"G", 0x1p30}, {"T", 0x1p40}, {NULL, 0}};

static const struct unit time_units[] = {{"", 1e9},  {"ns", 1},   {"us", 1e3},   {"ms", 1e6},
                                         {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}, {NULL, 0}};

static int parse_bool(const char *text, struct value *out)
{
    int is_true = strcmp(text, "true") == 0;
    if (!is_true && strcmp(text, "false") != 0)
        return -EINVAL;
    *out = (struct value){is_true, is_true};
    return 0;
}

static int starts_number(const char *text)
{
    text += *text == '-' || *text == '+';
    return (*text >= '0' && *text <= '9') || *text == '.';
}

static int parse_int(const char *text, struct value *out)
{
    char *end;
    const char *digits = text + (*text == '-' || *text == '+');
    int hex = digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X');
    if (!starts_number(text))
        return -EINVAL;
    errno = 0;
    long long n = strtoll(text, &end, hex ? 16 : 10);
    if (end == text || *end)
        return -EINVAL;
    if (errno == ERANGE)
        return -ERANGE;
    *out = (struct value){n, (double)n};
    return 0;
}

/* A finite decimal number; *end is what follows it. */
static int parse_number(const char *text, double *number, char **end)
{
    if (!starts_number(text))
        return -EINVAL;
    errno = 0;
    *number = strtod(text, end);
    if (*end == text)
        return -EINVAL;
    return isfinite(*number) && (errno != ERANGE || fabs(*number) < 1) ? 0 : -ERANGE;
}

static int parse_float(const char *text, struct value *out)
{
    char *end = NULL;
    double number;
    int error = parse_number(text, &number, &end);
    if (error || *end)
        return error ? error : -EINVAL;
    *out = (struct value){0, number};
    return 0;
}

/* A number with a unit behind it, to an integer count of the smallest unit. Whole numbers stay exact over all 63 bits.
 */
static int parse_measure(const char *text, const struct unit *units, struct value *out)
{
    char *end = NULL;
    double number;
    int error = parse_number(text, &number, &end);
    if (error)
        return error;
    while (units->name && strcmp(units->name, end) != 0)
        units++;
    if (!units->name || *text == '-')
        return -EINVAL;
    double product = number * units->factor;
    if (product >= 0x1p63)
        return -ERANGE;
    out->integer = (int64_t)llround(product);
    if (units->factor <= 1 && strspn(text, "0123456789") == (size_t)(end - text))
        out->integer = strtoll(text, NULL, 10); /* a double has 53 bits only */
    out->number = (double)out->integer;
    return 0;
}

/* Takes the B or iB off "64KiB" and the case off "64k". */
static int parse_size(const char *text, struct value *out)
{
    char plain[64];
    size_t length = strlen(text);
    if (length >= sizeof plain)
        return -EINVAL;
    memcpy(plain, text, length + 1);
    if (length > 1 && plain[length - 1] == 'B')
        plain[--length] = '\0';
    if (length > 2 && plain[length - 1] == 'i')
        plain[--length] = '\0';
    if (length > 0 && strchr("kmgt", plain[length - 1]))
        plain[length - 1] = (char)(plain[length - 1] - 'a' + 'A');
    return parse_measure(plain, size_units, out);
}

int value_parse(uint32_t type, const char *text, struct value *out)
{
    *out = (struct value){0, 0};
    switch (type) {
    case MPIPE_BOOL:
        return parse_bool(text, out);
    case MPIPE_INT:
        return parse_int(text, out);
    case MPIPE_FLOAT:
        return parse_float(text, out);
    case MPIPE_SIZE:
        return parse_size(text, out);
    case MPIPE_TIME:
        return parse_measure(text, time_units, out);
    default:
        return 0;
    }
}

int value_compare(uint32_t type, const struct value *a, const struct value *b)
{
    if (type == MPIPE_FLOAT)
        return (a->number > b->number) - (a->number < b->number);
    return (a->integer > b->integer) - (a->integer < b->integer);
}

static const struct type {
    const char *one, *many, *example;
} types[] = {
    [MPIPE_BOOL] = {"bool", "list of bools", "true or false"},
    [MPIPE_INT] = {"integer", "list of integers", "an integer, as 42"},
    [MPIPE_FLOAT] = {"number", "list of numbers", "a number, as 0.5"},
    [MPIPE_STRING] = {"string", "list of strings", "a string"},
    [MPIPE_CHOICE] = {"choice", "list of choices", "one of its choices"},
    [MPIPE_SIZE] = {"size", "list of sizes", "a size, as 4096, 64K or 1.5M"},
    [MPIPE_TIME] = {"time", "list of times", "a time, as 250ms, 2s or 5m"},
    [MPIPE_PATH] = {"path", "list of paths", "a path"},
};

static const struct type *type_entry(uint32_t type)
{
    uint32_t base = type & ~(uint32_t)MPIPE_LIST;
    return base >= MPIPE_BOOL && base <= MPIPE_PATH ? &types[base] : NULL;
}

const char *value_type_name(uint32_t type)
{
    const struct type *t = type_entry(type);
    return !t ? NULL : type & MPIPE_LIST ? t->many : t->one;
}

const char *value_zero(uint32_t type)
{
    switch (type) {
    case MPIPE_BOOL:
        return "false";
    case MPIPE_INT:
    case MPIPE_FLOAT:
    case MPIPE_SIZE:
    case MPIPE_TIME:
        return "0";
    default:
        return NULL;
    }
}

const char *value_type_example(uint32_t type)
{
    const struct type *t = type_entry(type);
    return t ? t->example : NULL;
}
