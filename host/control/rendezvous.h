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

/* Holds a name as long as this process lives, by a lock on NAME.lock. A descriptor; -1 with errno: EWOULDBLOCK: another
 * process holds it. */
int rendezvous_hold(const char *folder, const char *name);
void rendezvous_release(const char *folder, const char *name, int lock);

/* Removes what processes left there that were killed. */
void rendezvous_clear(const char *folder);

/* The names that are held, sorted, as one text with a blank between each; "" if there are none. */
void rendezvous_list(const char *folder, char *text, size_t size);

#endif
