#include "fields.h"

#include <limits.h>
#include <math.h>

const char *field_text(const json_t *object, const char *key)
{
    const char *value = json_string_value(json_object_get(object, key));
    return value ? value : "";
}

double field_number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

double field_inner(const json_t *object, const char *key, const char *inner)
{
    return field_number(json_object_get(object, key), inner);
}

int field_count(const json_t *object, const char *key)
{
    double n = field_number(object, key);
    return n > 0 ? n < INT_MAX ? (int)n : INT_MAX : 0;
}
