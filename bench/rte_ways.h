/* DPDK's ways, and its environment, which they need.
 */
#ifndef RTE_WAYS_H
#define RTE_WAYS_H

#include "duel.h"

extern const struct way way_rte_free_ring, way_rte_mempool;

/* In the parent of all processes of a duel, once: without huge pages or devices of its own. 0, or -1: DPDK cannot be
 * used here. */
int rte_ways_init(void);

#endif
