/* Text from elsewhere in JSON. */
#ifndef JSON_TEXT_H
#define JSON_TEXT_H

#include <jansson.h>

/* The text, to be stolen by what holds it; null for NULL. Bytes that are no UTF-8, as a plugin's words or a folder's
 * name may have, become '?': JSON cannot hold them. NULL: no memory. */
json_t *json_text(const char *text);

/* The value, as one object and a newline, which uses it up. 0, -ENOMEM (`value` is NULL), or -EIO: it could not be
 * written. */
int json_print(json_t *value, FILE *out);

#endif
