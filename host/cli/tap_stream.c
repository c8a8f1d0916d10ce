#include "tap_stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ROOM_AT_FIRST = 64 << 10, ROOM_MAX = 1 << 20 };

void tap_stream_init(struct tap_stream *s, int fd)
{
    *s = (struct tap_stream){.fd = fd};
}

void tap_stream_close(struct tap_stream *s)
{
    for (int i = 0; i < s->n_descriptors; i++)
        close(s->descriptors[i]);
    close(s->fd);
    free(s->text);
    *s = (struct tap_stream){.fd = -1};
}

static int make_room(struct tap_stream *s)
{
    if (s->used > 0)
        memmove(s->text, s->text + s->used, s->n - s->used);
    s->n -= s->used;
    s->used = 0;
    if (s->n < s->room)
        return 0;
    size_t room = s->room ? 2 * s->room : ROOM_AT_FIRST;
    char *text = room <= ROOM_MAX ? realloc(s->text, room) : NULL;
    if (!text)
        return -1;
    s->text = text;
    s->room = room;
    return 0;
}

static void keep_descriptor(struct tap_stream *s, int fd)
{
    if (s->n_descriptors < TAP_DESCRIPTORS)
        s->descriptors[s->n_descriptors++] = fd;
    else
        close(fd);
}

static void take_descriptors(struct tap_stream *s, struct msghdr *message)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        for (size_t at = CMSG_LEN(0); at + sizeof(int) <= c->cmsg_len; at += sizeof(int)) {
            int fd;
            memcpy(&fd, (const char *)c + at, sizeof fd);
            keep_descriptor(s, fd);
        }
    }
}

/* More of the text. -1: there is none. */
static int receive(struct tap_stream *s)
{
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(TAP_DESCRIPTORS * sizeof(int))];
    } control;
    if (make_room(s) != 0)
        return -1;
    struct iovec text = {s->text + s->n, s->room - s->n};
    struct msghdr message = {
        .msg_iov = &text, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof control.room};
    ssize_t n;
    do
        n = recvmsg(s->fd, &message, MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    if (n <= 0)
        return -1;
    take_descriptors(s, &message);
    s->n += (size_t)n;
    return 0;
}

json_t *tap_stream_next(struct tap_stream *s)
{
    const char *end;
    while (!(end = s->n > s->used ? memchr(s->text + s->used, '\n', s->n - s->used) : NULL))
        if (receive(s) != 0)
            return NULL;
    size_t length = (size_t)(end - s->text) - s->used;
    json_t *line = json_loadb(s->text + s->used, length, 0, NULL);
    s->used += length + 1;
    return line;
}

int tap_stream_descriptor(struct tap_stream *s)
{
    if (s->n_descriptors == 0)
        return -1;
    int fd = s->descriptors[0];
    s->n_descriptors--;
    memmove(s->descriptors, s->descriptors + 1, (size_t)s->n_descriptors * sizeof(int));
    return fd;
}
