/* Fields of the JSON that a pipeline answers with. What is not there, or of another kind, is absent and no mistake: an
 * older or a newer pipeline may have answered. Pure. */
#ifndef FIELDS_H
#define FIELDS_H

#include <jansson.h>

/* "" if it is absent. */
const char *field_text(const json_t *object, const char *key);

/* NAN if it is absent or null. */
double field_number(const json_t *object, const char *key);

/* Of the object in field `key` the number `inner`: as {"process_s": {"p50": 0.001}}. */
double field_inner(const json_t *object, const char *key, const char *inner);

/* 0 if it is absent. */
int field_count(const json_t *object, const char *key);

#endif
