/* Rendezvous: where the control sockets of running pipelines are, NAME.sock each, for their owner alone.
 *
 * The folder is $XDG_RUNTIME_DIR/micropipe; without that /run/micropipe for root, else /tmp/micropipe-UID. It has to be
 * a folder of ours that nobody else can write to: anything else is refused, so that nobody can put a socket in our way.
 */
#ifndef RENDEZVOUS_H
#define RENDEZVOUS_H

#include <stddef.h>
#include <sys/un.h>

/* Makes the folder, unless it is there. 0 or -errno; -EPERM: it is there, and others may write to it. */
int rendezvous_make(char *folder, size_t size);

/* The address of a pipeline's socket. 0, or -ENAMETOOLONG. */
int rendezvous_address(const char *folder, const char *name, struct sockaddr_un *out);

/* The names of all sockets there, sorted, as one text with a blank between each; "" if there are none. */
void rendezvous_list(const char *folder, char *text, size_t size);

#endif
