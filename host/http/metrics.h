/* Metrics: a status object as the text that Prometheus scrapes, format 0.0.4. Pure.
 *
 * Base units (seconds, bytes), counters end with _total, a stage is a label. What the status does not have is left out.
 */
#ifndef METRICS_H
#define METRICS_H

#include <jansson.h>

#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* To be freed. NULL: there is no memory. */
char *metrics_text(const json_t *status);

#endif
