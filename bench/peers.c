#include <stdio.h>

#include "ways.h"

#ifdef WITH_DPDK
#include "rte_ways.h"
#endif
#ifdef WITH_ZEROMQ
#include "zeromq_way.h"
#endif
#ifdef WITH_NNG
#include "nng_way.h"
#endif

struct peers peers_find(void)
{
    struct peers peers = {NULL, NULL, NULL, NULL};
#ifdef WITH_DPDK
    if (rte_ways_init() == 0) {
        peers.rte_free_ring = &way_rte_free_ring;
        peers.rte_mempool = &way_rte_mempool;
    } else {
        printf("DPDK could not be set up, so it is left out\n");
    }
#else
    printf("built without DPDK (Debian: libdpdk-dev), so it is left out\n");
#endif
#ifdef WITH_ZEROMQ
    peers.zeromq = &way_zeromq;
#else
    printf("built without ZeroMQ (Debian: libzmq3-dev), so it is left out\n");
#endif
#ifdef WITH_NNG
    peers.nng = &way_nng;
#else
    printf("built without nng (Debian: libnng-dev), so it is left out\n");
#endif
    return peers;
}
