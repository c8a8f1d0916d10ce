/* What host and stage server say to each other: one message a datagram, over a pair of SOCK_SEQPACKET sockets.
 *
 * The server is trusted as little as the plugin that it loads: the host checks each field.
 */
#ifndef SERVER_PROTOCOL_H
#define SERVER_PROTOCOL_H

#include <stdint.h>

enum server_message_type {
    /* host to server */
    SERVER_SPAWN,  /* fork worker `worker` under `epoch` */
    SERVER_SIGNAL, /* send `status` as a signal to that worker, if it still runs under that epoch */
    /* server to host */
    SERVER_CONFINED, /* about to load the plugin: text says how it is confined; with it comes the filter's listener */
    SERVER_LOADED,   /* the plugin is loaded, workers can be forked */
    SERVER_REFUSED,  /* it is not, and never will be: `status` is an outcome, text says why */
    SERVER_SPAWNED,  /* pid; both the server and the worker itself say so: the first counts */
    SERVER_EXITED,   /* waitid() returned it: `status` is its wait status; whatever it had forked is dead too */
};

enum { SERVER_TEXT_MAX = 480, SERVER_FD_LOST = -2 };

struct server_message {
    uint32_t type;
    uint32_t worker, epoch;
    int32_t pid, status;
    uint64_t at_ns; /* SERVER_EXITED: when waitid() returned it, monotonic */
    char text[SERVER_TEXT_MAX];
};

/* Sends a message, and a descriptor with it unless fd is -1. 0 or -errno. */
int server_say(int socket, const struct server_message *m, int fd);

/* Takes the next message, if there is a whole one. 1: *m, and *fd is what came with it, the caller's to close, or -1;
 * SERVER_FD_LOST: one came, but this process may have no more. */
int server_hear(int socket, struct server_message *m, int *fd);

#endif
