#include "json_text.h"

#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "utf8.h"

json_t *json_text(const char *text)
{
    AUTO_FREE char *copy = text ? strdup(text) : NULL;
    for (char *c = copy; c && *c;) {
        int length = utf8_length(c);
        if (length == 0)
            *c = '?';
        c += length ? length : 1;
    }
    return !text ? json_null() : copy ? json_string(copy) : NULL;
}

int json_print(json_t *value, FILE *out)
{
    if (!value)
        return -ENOMEM;
    int failed = json_dumpf(value, out, JSON_INDENT(2) | JSON_REAL_PRECISION(15)) != 0 || fputc('\n', out) == EOF;
    json_decref(value);
    return failed ? -EIO : 0;
}
