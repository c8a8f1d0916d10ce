/* A stage server: has one stage's plugin loaded, and forks its workers. So a new worker costs a fork and not a load, a
 * crash in a constructor kills no host, and the host runs no plugin code.
 *
 * Its death takes its workers with it, and so does the host's take the server.
 */
#ifndef SERVER_H
#define SERVER_H

#include <sys/types.h>

#include "log.h"
#include "segment.h"
#include "server_protocol.h"

/* Host: forks a server for a stage. 0: *pid, and *socket is the host's end (SOCK_SEQPACKET, close-on-exec,
 * non-blocking). Or -errno. */
int server_fork(const struct segment *s, uint32_t stage, const struct log *log, pid_t *pid, int *socket);

#endif
