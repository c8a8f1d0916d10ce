/* Figures in JSON, written alike in the status of a running pipeline and in the summary of one that has ended.
 */
#ifndef JSON_FIGURES_H
#define JSON_FIGURES_H

#include <jansson.h>

#include "snapshot.h"

/* A count; one that JSON's integers cannot hold is the largest that they can. */
json_t *json_count(uint64_t n);

/* Seconds, in whole milliseconds: a wait is not measured closer. */
json_t *json_seconds(uint64_t ns);

/* "running", ... */
const char *stage_state_name(enum stage_state state);

/* The scaler's decisions that are remembered, the oldest first. NULL: no memory. */
json_t *json_decisions(const struct snapshot *s);

#endif
