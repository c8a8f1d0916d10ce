#include "control.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "answer.h"
#include "rendezvous.h"
#include "tapping.h"

enum { ANSWERS_MAX = 1 << 20, ANSWER_ROOM = 4096, EVENTS = 16 };

/* What an event of the socket's epoll is of, beside the clients. */
enum { OF_LISTENER = CONTROL_CLIENTS, OF_TAPS };

struct client {
    int fd; /* -1: free */
    size_t n_in;
    char in[CONTROL_LINE];
    char *out; /* answers that are not sent yet: n_out bytes, in room for out_size */
    size_t n_out, out_size;
};

struct control {
    int epoll, listener, lock;
    int spare; /* a descriptor to be given up for a client that there is none for */
    char name[128], folder[sizeof((struct sockaddr_un *)0)->sun_path];
    struct sockaddr_un address;
    struct tapping *tapping; /* NULL: there are no taps */
    struct client clients[CONTROL_CLIENTS];
};

static int watch(const struct control *c, int op, int fd, uint32_t events, uint32_t client)
{
    struct epoll_event e = {.events = events, .data.u32 = client};
    return epoll_ctl(c->epoll, op, fd, &e);
}

/* 0 or -errno. The name is ours, so a socket that is there already is a dead one's. */
static int listen_at(struct control *c)
{
    c->epoll = epoll_create1(EPOLL_CLOEXEC);
    c->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    unlink(c->address.sun_path);
    mode_t before = umask(0177);
    int bound = c->epoll >= 0 && c->listener >= 0 &&
                bind(c->listener, (const struct sockaddr *)&c->address, sizeof c->address) == 0;
    int error = bound ? 0 : -errno;
    umask(before);
    if (bound &&
        (listen(c->listener, CONTROL_CLIENTS) != 0 || watch(c, EPOLL_CTL_ADD, c->listener, EPOLLIN, OF_LISTENER) != 0))
        error = -errno;
    return error;
}

static int open_spare(void)
{
    return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static int open_named(struct control *c, const char *name, const struct log *log)
{
    int error = rendezvous_make(c->folder, sizeof c->folder);
    if (error)
        return error;
    rendezvous_clear(c->folder);
    snprintf(c->name, sizeof c->name, "%s", name);
    c->lock = rendezvous_hold(c->folder, c->name);
    if (c->lock < 0 && errno == EWOULDBLOCK) {
        snprintf(c->name, sizeof c->name, "%.64s-%d", name, (int)getpid());
        log_write(log, LOG_LEVEL_INFO, "another pipeline named '%s' runs: for micropipe ctl this one is '%s'", name,
                  c->name);
        c->lock = rendezvous_hold(c->folder, c->name);
    }
    if (c->lock < 0)
        return -errno;
    error = rendezvous_address(c->folder, c->name, &c->address);
    if (!error)
        error = listen_at(c);
    c->spare = open_spare();
    return error || c->spare >= 0 ? error : -errno;
}

/* A pipeline can be without. */
static void open_taps(struct control *c)
{
    c->tapping = tapping_create(CONTROL_CLIENTS);
    if (c->tapping && watch(c, EPOLL_CTL_ADD, tapping_fd(c->tapping), EPOLLIN, OF_TAPS) != 0)
        tapping_destroy(&c->tapping);
}

struct control *control_open(const char *name, const struct log *log)
{
    struct control *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->epoll = c->listener = c->lock = c->spare = -1;
    for (uint32_t i = 0; i < CONTROL_CLIENTS; i++)
        c->clients[i].fd = -1;
    int error = open_named(c, name, log);
    if (!error) {
        open_taps(c);
        return c;
    }
    log_write(log, LOG_LEVEL_INFO, "no control socket, so micropipe ctl cannot reach this pipeline: %s%s",
              strerror(-error), error == -EPERM ? " (its folder is not ours alone)" : "");
    control_close(c);
    return NULL;
}

/* Out of epoll first: a stage server that is just being forked has a copy, and events would go on as long as it has. */
static void drop_client(const struct control *c, struct client *client)
{
    tapping_end(c->tapping, (uint32_t)(client - c->clients));
    watch(c, EPOLL_CTL_DEL, client->fd, 0, 0);
    close(client->fd);
    free(client->out);
    *client = (struct client){.fd = -1};
}

void control_close(struct control *c)
{
    if (!c)
        return;
    for (uint32_t i = 0; i < CONTROL_CLIENTS; i++)
        if (c->clients[i].fd >= 0)
            drop_client(c, &c->clients[i]);
    if (c->listener >= 0) {
        unlink(c->address.sun_path);
        close(c->listener);
    }
    tapping_destroy(&c->tapping);
    if (c->lock >= 0)
        rendezvous_release(c->folder, c->name, c->lock);
    if (c->spare >= 0)
        close(c->spare);
    if (c->epoll >= 0)
        close(c->epoll);
    free(c);
}

const char *control_name(const struct control *c)
{
    return c ? c->name : NULL;
}

int control_fd(const struct control *c)
{
    return c ? c->epoll : -1;
}

/* The folder keeps others out; root gets in anyhow. */
static int is_allowed(int fd)
{
    struct ucred peer;
    socklen_t size = sizeof peer;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && (peer.uid == geteuid() || peer.uid == 0);
}

/* There is no descriptor for it, and it would go on knocking, which keeps the loop awake. */
static void turn_away(struct control *c)
{
    close(c->spare);
    int fd = accept4(c->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0)
        close(fd);
    c->spare = open_spare();
}

static void accept_client(struct control *c)
{
    int fd = accept4(c->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0 && (errno == EMFILE || errno == ENFILE))
        turn_away(c);
    if (fd < 0)
        return;
    for (uint32_t i = 0; i < CONTROL_CLIENTS && is_allowed(fd); i++)
        if (c->clients[i].fd < 0 && watch(c, EPOLL_CTL_ADD, fd, EPOLLIN, i) == 0) {
            c->clients[i].fd = fd;
            return;
        }
    close(fd); /* a stranger, or one too many */
}

/* Sends what can be sent now. -1: the client is gone. */
static int send_answers(const struct control *c, struct client *client)
{
    while (client->n_out > 0) {
        ssize_t n = send(client->fd, client->out, client->n_out, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EAGAIN)
            break;
        if (n <= 0)
            return -1;
        client->n_out -= (size_t)n;
        memmove(client->out, client->out + n, client->n_out);
    }
    uint32_t events = client->n_out > 0 ? EPOLLIN | EPOLLOUT : EPOLLIN;
    return watch(c, EPOLL_CTL_MOD, client->fd, events, (uint32_t)(client - c->clients));
}

/* -1: there is no memory, or it does not read. */
static int add_answer(struct client *client, const char *text, size_t n)
{
    size_t size = client->out_size ? client->out_size : ANSWER_ROOM;
    if (client->n_out + n > ANSWERS_MAX)
        return -1;
    while (size < client->n_out + n)
        size *= 2;
    char *out = size > client->out_size ? realloc(client->out, size) : client->out;
    if (!out)
        return -1;
    client->out = out;
    client->out_size = size;
    memcpy(out + client->n_out, text, n);
    client->n_out += n;
    return 0;
}

static int answer_line(const struct control *c, struct client *client, struct supervisor *s, const char *line, size_t n)
{
    const struct asker asker = {c->tapping, (uint32_t)(client - c->clients)};
    char *text = control_answer_to(&asker, s, line, n);
    int error = text ? add_answer(client, text, strlen(text)) : -1;
    free(text);
    return error;
}

/* Takes in what there is, and answers each whole line. -1: the client is to be cut off. */
static int hear(const struct control *c, struct client *client, struct supervisor *s)
{
    ssize_t n = recv(client->fd, client->in + client->n_in, sizeof client->in - client->n_in, MSG_DONTWAIT);
    if (n <= 0)
        return n < 0 && errno == EAGAIN ? 0 : -1;
    client->n_in += (size_t)n;
    for (char *end; (end = memchr(client->in, '\n', client->n_in));) {
        size_t length = (size_t)(end - client->in);
        if (answer_line(c, client, s, client->in, length) != 0)
            return -1;
        client->n_in -= length + 1;
        memmove(client->in, end + 1, client->n_in);
    }
    return client->n_in < sizeof client->in ? 0 : -1; /* a line that is too long */
}

/* With a descriptor. As many bytes as are taken; -1 and errno. */
static ssize_t send_with(int to, const struct tapping_line *line)
{
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(int))];
    } control = {.header = {.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS}};
    struct iovec text = {(char *)(uintptr_t)line->text, line->n};
    struct msghdr message = {
        .msg_iov = &text, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof control.room};
    memcpy(CMSG_DATA(&control.header), &line->fd, sizeof line->fd);
    return sendmsg(to, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* Bytes that the client has not read yet. */
static int unread(int fd)
{
    int n = 0;
    ioctl(fd, SIOCOUTQ, &n);
    return n;
}

/* A line that the client did not ask for one by one: only if it has read what came before, of payloads in memory each.
 */
static enum tapping_sent send_line(void *context, uint32_t at, const struct tapping_line *line)
{
    struct control *c = context;
    struct client *client = &c->clients[at];
    ssize_t n = 0;
    if (client->n_out > 0 || (line->fd >= 0 && unread(client->fd) > 0))
        return TAPPING_BUSY;
    if (line->fd >= 0) {
        n = send_with(client->fd, line);
        if (n < 0)
            return errno == EAGAIN ? TAPPING_BUSY : TAPPING_GONE;
    }
    if (add_answer(client, line->text + n, line->n - (size_t)n) != 0)
        return TAPPING_BUSY;
    return send_answers(c, client) == 0 ? TAPPING_SENT : TAPPING_GONE; /* hear() will drop it */
}

void control_ready(void *control, struct supervisor *s)
{
    struct control *c = control;
    struct epoll_event events[EVENTS];
    int n = epoll_wait(c->epoll, events, EVENTS, 0);
    for (int i = 0; i < n; i++) {
        uint32_t at = events[i].data.u32;
        if (at == OF_LISTENER) {
            accept_client(c);
            continue;
        }
        if (at == OF_TAPS) {
            tapping_tick(c->tapping, s, send_line, c);
            continue;
        }
        struct client *client = &c->clients[at];
        int gone = events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR) ? hear(c, client, s) : 0;
        if (gone || send_answers(c, client) != 0)
            drop_client(c, client);
    }
}
