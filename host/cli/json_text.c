#include "json_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

static void replace_invalid(char *text)
{
    while (*text) {
        int length = utf8_length(text);
        if (length == 0)
            *text = '?';
        text += length ? length : 1;
    }
}

json_t *json_text(const char *text)
{
    if (!text)
        return json_null();
    char *copy = strdup(text);
    if (!copy)
        return NULL;
    replace_invalid(copy);
    json_t *value = json_string(copy);
    free(copy);
    return value;
}

int json_print(json_t *value, FILE *out)
{
    if (!value)
        return -ENOMEM;
    int failed = json_dumpf(value, out, JSON_INDENT(2) | JSON_REAL_PRECISION(15)) != 0 || fputc('\n', out) == EOF;
    json_decref(value);
    return failed ? -EIO : 0;
}
