/* The answer to a request that is not done. */
#ifndef REFUSE_H
#define REFUSE_H

#include <jansson.h>

#include "pipeline.h"

/* {"ok": false, "error": a sentence for the user}; NULL: no memory. */
__attribute__((format(printf, 1, 2))) json_t *refuse(const char *format, ...);

/* The same, of a stage that there is none of; `name` may be NULL. */
json_t *refuse_stage(const struct pipeline *p, const char *name);

#endif
