#include "frame_json.h"

#include <micropipe/frame.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attributes.h"
#include "utf8.h"

static json_t *hex_of(const uint8_t *value, uint32_t size)
{
    char *text = malloc(2 * (size_t)size + 1);
    if (!text)
        return NULL;
    for (uint32_t i = 0; i < size; i++)
        snprintf(text + 2 * (size_t)i, 3, "%02x", value[i]);
    json_t *hex = json_pack("{s:s#}", "hex", text, (int)(2 * size));
    free(text);
    return hex;
}

json_t *json_text_or_hex(const char *text, size_t size)
{
    json_t *value = json_stringn(text, size);
    return value ? value : hex_of((const uint8_t *)text, (uint32_t)size);
}

static json_t *numbers_of(const struct attribute *a)
{
    json_t *list = json_array();
    int failed = !list;
    for (uint32_t i = 0; i < a->size / 8 && !failed; i++) {
        uint64_t n;
        memcpy(&n, a->value + 8 * (size_t)i, sizeof n);
        failed = json_array_append_new(list, json_integer((json_int_t)n)) != 0;
    }
    if (!failed)
        return list;
    json_decref(list);
    return NULL;
}

static json_t *attribute_value(const struct attribute *a)
{
    if (strcmp(a->name, MPIPE_ATTR_SHAPE) == 0 && a->size % 8 == 0)
        return numbers_of(a);
    return memchr(a->value, 0, a->size) ? hex_of(a->value, a->size) : json_text_or_hex((const char *)a->value, a->size);
}

/* With '?' for what is no UTF-8, which JSON has no other way for. 0; -1: no memory. */
static int set_named(json_t *attributes, const struct attribute *a)
{
    char name[ATTRIBUTE_NAME_MAX + 1];
    snprintf(name, sizeof name, "%s", a->name);
    utf8_replace(name);
    return json_object_set_new(attributes, name, attribute_value(a));
}

json_t *json_attributes(const uint8_t *records, uint32_t size)
{
    json_t *attributes = json_object();
    struct attribute a;
    int failed = !attributes;
    for (uint32_t at = 0; !failed && size && attributes_next(records, size, &at, &a);)
        failed = set_named(attributes, &a) != 0;
    if (!failed)
        return attributes;
    json_decref(attributes);
    return NULL;
}
