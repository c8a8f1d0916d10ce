/* The status of a running pipeline, as JSON: the one thing that all views are made of, so that numbers agree
 * everywhere. Its fields: docs/control.md. Host process, from within the loop.
 */
#ifndef STATUS_H
#define STATUS_H

#include <jansson.h>

#include "operator.h"

enum status_parts {
    STATUS_WORKERS = 1,   /* each stage with its workers */
    STATUS_HISTOGRAMS = 2 /* each stage with the histograms of its latencies, since the start */
};

/* An object, to be released. NULL: no memory. */
json_t *status_object(struct supervisor *s, unsigned parts);

#endif
