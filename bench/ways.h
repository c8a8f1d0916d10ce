/* The ways that there are.
 */
#ifndef WAYS_H
#define WAYS_H

#include "duel.h"

extern const struct way way_raw_ring;
extern const struct way way_transaction, way_workers;
extern const struct way way_pipe, way_socket;

/* Of libraries: NULL where a library was not there when this was built, or cannot be used. */
struct peers {
    const struct way *rte_free_ring, *rte_mempool, *zeromq, *nng;
};

/* Before any duel; once. Says on stdout which peers are missing, and why. */
struct peers peers_find(void);

#endif
