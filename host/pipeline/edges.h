/* The checks of a pipeline's graph, and its final order. */
#ifndef EDGES_H
#define EDGES_H

#include "draft.h"
#include "inputs.h"

/* Complains of cycles and, if no edge is missing because of a mistake, of ports that are not connected. Every stage
 * that is not a source reads from another, so a graph without a cycle has a source. */
enum wiring_state { WIRING_COMPLETE, WIRING_IN_PART };
void edges_check(struct draft *d, const struct wiring *w, enum wiring_state state);

/* Gives the pipeline its edges, brings stages and edges into their final order, and marks the edges on which blocks are
 * copied. The graph must be right. */
void edges_arrange(struct draft *d, const struct wiring *w);

#endif
