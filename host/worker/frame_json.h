/* What a frame says of itself, as JSON: for dead letters and for whoever looks at frames. Any process. */
#ifndef FRAME_JSON_H
#define FRAME_JSON_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

/* Text, or {"hex": digits} if it is no UTF-8, which JSON cannot hold, as a plugin's words may be. NULL: no memory. */
json_t *json_text_or_hex(const char *text, size_t size);

/* An object: of each attribute text as text, a shape as numbers, anything else as {"hex": digits}. NULL: no memory.
 * `records` may be in shared memory. */
json_t *json_attributes(const uint8_t *records, uint32_t size);

#endif
