/* The answer to a request that is not done. */
#ifndef REFUSE_H
#define REFUSE_H

#include <jansson.h>

/* {"ok": false, "error": a sentence for the user}; NULL: no memory. */
__attribute__((format(printf, 1, 2))) json_t *refuse(const char *format, ...);

#endif
