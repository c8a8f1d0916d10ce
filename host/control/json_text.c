#include "json_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

json_t *json_text(const char *text)
{
    if (!text)
        return json_null();
    char *copy = strdup(text);
    if (!copy)
        return NULL;
    utf8_replace(copy);
    json_t *value = json_string(copy);
    free(copy);
    return value;
}

int json_print(json_t *value, FILE *out)
{
    if (!value)
        return -ENOMEM;
    /* Whole, before a byte of it is out; and not by json_dumps(), which leaves out what it had no room for. */
    const size_t flags = JSON_INDENT(2) | JSON_REAL_PRECISION(15);
    size_t size = json_dumpb(value, NULL, 0, flags);
    char *text = size ? malloc(size) : NULL;
    int whole = text && json_dumpb(value, text, size, flags) == size;
    json_decref(value);
    if (!whole) {
        free(text);
        return -ENOMEM;
    }
    int failed = fwrite(text, 1, size, out) != size || fputc('\n', out) == EOF;
    free(text);
    return failed ? -EIO : 0;
}
