/* What is drawn of a pipeline: of its configuration, or of the status that it tells while it runs. Pure. */
#ifndef GRAPH_DRAWING_H
#define GRAPH_DRAWING_H

#include <jansson.h>

#include "drawing.h"
#include "pipeline.h"

void graph_draw_pipeline(struct drawing *d, const struct pipeline *p);

/* Of the answer to {"command":"status"}. What it does not have is left out. LOAD_SHOWN: with what each stage does,
 * shaded by that, and the bottleneck marked. */
enum graph_load { LOAD_HIDDEN, LOAD_SHOWN };
void graph_draw_status(struct drawing *d, const json_t *status, enum graph_load load);

#endif
