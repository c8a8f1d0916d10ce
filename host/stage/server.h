/* A stage server: has one stage's plugin loaded, and forks its workers. So a new worker costs a fork and not a load, a
 * crash in a constructor kills no host, and the host runs no plugin code.
 *
 * Its death takes its workers with it, and so does the host's take the server.
 */
#ifndef SERVER_H
#define SERVER_H

#include <sys/types.h>

#include "allowance.h"
#include "log.h"
#include "segment.h"
#include "server_protocol.h"

/* What the server and its workers may take of memory. */
struct server_memory {
    const struct allowances *allowances; /* those of all slots, then those of all servers; NULL: no limit */
    uint64_t limit;                      /* of its data, until it is loaded */
};

/* Host: forks a server for a stage. 0: *pid, and *socket is the host's end (SOCK_SEQPACKET, close-on-exec,
 * non-blocking). Or -errno. */
int server_fork(const struct segment *s, uint32_t stage, const struct log *log, const struct server_memory *memory,
                pid_t *pid, int *socket);

#endif
