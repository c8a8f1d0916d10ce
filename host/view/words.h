/* Words and numbers of a status for people: what several pages say the same way. Pure. */
#ifndef WORDS_H
#define WORDS_H

#include <jansson.h>

#include "quantity.h"
#include "table.h"

/* "87%", "-" if it is not known. */
struct quantity words_share(double share);

/* "12 345"; "-" */
struct quantity words_count(const json_t *object, const char *key);

/* "12.3k", of a count "3" and not "3.0", "45ms", "45M": the narrow forms; "-" */
struct quantity words_narrow(double n);
struct quantity words_narrow_count(double n);
struct quantity words_latency(double seconds);
struct quantity words_memory(double bytes);

/* "0:42", "1:02:03"; "-" */
struct quantity words_clock(double seconds);

/* What comes into a stage, of a source what goes out, in a second. */
double words_frame_rate(const json_t *stage);
double words_byte_rate(const json_t *stage);

/* Of its workers' time, in the window; of a pipeline that does not tell that, since the start. */
struct meter words_meter(const json_t *stage);

/* The stage of that name; NULL. */
const json_t *words_stage(const json_t *status, const char *name);

int words_is_source(const json_t *stage);

#endif
