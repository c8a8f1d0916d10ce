/* The graph of a pipeline: who reads from whom. Pure; stages are numbers below n, n at most PIPELINE_STAGES_MAX. */
#ifndef GRAPH_H
#define GRAPH_H

#include "pipeline.h"

/* Writes one cycle to `cycle`, each stage before the one that reads from it, the lowest first. Returns its length, 0 if
 * there is no cycle. Edges with skip[i] do not count. */
uint32_t graph_cycle(uint32_t n, const struct edge *edges, uint32_t n_edges, const unsigned char *skip,
                     uint32_t cycle[PIPELINE_STAGES_MAX]);

/* order[k]: the stage that comes k-th, after all that it reads from, and as early as its number allows: an order that
 * is right already stays. There must be no cycle. */
void graph_order(uint32_t n, const struct edge *edges, uint32_t n_edges, uint32_t order[PIPELINE_STAGES_MAX]);

/* A bit for each stage that can be reached from `stage` along the edges, or against them; not its own, but in a cycle.
 * Needs no order. */
uint64_t graph_downstream(const struct edge *edges, uint32_t n_edges, uint32_t stage);
uint64_t graph_upstream(const struct edge *edges, uint32_t n_edges, uint32_t stage);

/* Sets `copy` of each edge by which a block may reach a stage that it may reach by another way too. */
void graph_mark_copies(uint32_t n, struct edge *edges, uint32_t n_edges);

#endif
