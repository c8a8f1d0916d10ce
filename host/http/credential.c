#include "credential.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "cleanup.h"
#include "rendezvous.h"

enum { RANDOM_BYTES = 24 };

static int make_up(char token[CREDENTIAL_MAX])
{
    uint8_t bytes[RANDOM_BYTES];
    ssize_t n = getrandom(bytes, sizeof bytes, 0);
    if (n != (ssize_t)sizeof bytes)
        return n < 0 ? -errno : -EIO;
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(token + 2 * i, 3, "%02x", bytes[i]);
    return 0;
}

/* The name is ours, by the lock of the control socket: a file that is there already is a dead pipeline's. */
static void publish(struct credential *c, const char *name)
{
    char folder[sizeof c->path];
    if (rendezvous_make(folder, sizeof folder) != 0)
        return;
    int n = snprintf(c->path, sizeof c->path, "%s/%s.token", folder, name);
    if (n < 0 || (size_t)n >= sizeof c->path) {
        c->path[0] = '\0';
        return;
    }
    unlink(c->path);
    AUTO_FD int fd = open(c->path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd >= 0 && dprintf(fd, "%s\n", c->token) > 0)
        return;
    credential_forget(c);
}

int credential_make(struct credential *c, const char *token, const char *name)
{
    *c = (struct credential){0};
    int error = token ? 0 : make_up(c->token);
    if (error)
        return error;
    if (token)
        snprintf(c->token, sizeof c->token, "%s", token);
    if (name)
        publish(c, name);
    return 0;
}

void credential_forget(struct credential *c)
{
    if (c->path[0])
        unlink(c->path);
    c->path[0] = '\0';
}
