#include "server_protocol.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Room for one descriptor, aligned as the kernel wants it. */
union passed {
    struct cmsghdr header;
    char room[CMSG_SPACE(sizeof(int))];
};

int server_say(int socket, const struct server_message *m, int fd)
{
    union passed passed = {0};
    struct iovec text = {(void *)(uintptr_t)m, sizeof *m};
    struct msghdr h = {.msg_iov = &text, .msg_iovlen = 1};
    if (fd >= 0) {
        h.msg_control = &passed;
        h.msg_controllen = sizeof passed;
        passed.header =
            (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof fd), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
        memcpy(CMSG_DATA(&passed.header), &fd, sizeof fd);
    }
    while (sendmsg(socket, &h, MSG_NOSIGNAL) < 0)
        if (errno != EINTR)
            return -errno;
    return 0;
}

int server_hear(int socket, struct server_message *m, int *fd)
{
    union passed passed;
    struct iovec text = {m, sizeof *m};
    struct msghdr h = {.msg_iov = &text, .msg_iovlen = 1, .msg_control = &passed};
    h.msg_controllen = CMSG_LEN(sizeof *fd); /* with its padding a second one, which nobody would close, had room */
    *fd = -1;
    ssize_t n = recvmsg(socket, &h, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    const struct cmsghdr *c = n >= 0 ? CMSG_FIRSTHDR(&h) : NULL;
    if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof *fd))
        memcpy(fd, CMSG_DATA(c), sizeof *fd);
    else if (n >= 0 && h.msg_flags & MSG_CTRUNC)
        *fd = SERVER_FD_LOST;
    if (n == (ssize_t)sizeof *m)
        return 1;
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
    return 0;
}
