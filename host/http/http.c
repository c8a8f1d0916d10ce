#include "http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "clock.h"
#include "endpoint.h"
#include "events.h"
#include "reply.h"
#include "routes.h"
#include "throttle.h"
#include "visitors.h"

enum {
    CONNECTION_MEMORY = 16384, /* of a connection, so also of its request's head */
    IDLE_S = 10,               /* without a byte either way */
    BACKLOG = 1024,
    SHARE_LEAST = 10, /* thousandths of a core: a hundredth of each that the pipeline may use, but so many */
    SHARE_MOST = 100
};

static const uint64_t spared_ns = 250 * NS_PER_MS, rest_ns = 5 * NS_PER_MS, tick_ns = NS_PER_S;

/* Calls that come so soon after each other are one spell of work: the loop's own steps between them are for its sake.
 */
static const uint64_t spell_ns = 5 * NS_PER_MS;

struct http {
    struct MHD_Daemon *daemon;
    int epoll; /* of the two below */
    int timer, served;
    int muted; /* 1: the throttle is overdrawn, so `served` is not in the epoll */
    uint64_t tick_at;
    struct throttle throttle;
    uint64_t ended_ns, ended_cpu_ns; /* when the last call ended; of the thread's time then */
    struct visitors visitors;
    struct desk desk;
};

/* A listening socket, or -errno. */
static int listen_at(const union endpoint *e)
{
    int on = 1;
    int fd = socket(e->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, &e->any, endpoint_size(e)) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    int error = errno;
    close(fd);
    return -error;
}

/* Where it listens in fact: port 0 is any that is free. */
static void print_endpoint(int fd, char *text, size_t size)
{
    union endpoint e = {0};
    socklen_t length = sizeof e;
    char host[INET6_ADDRSTRLEN] = "?";
    getsockname(fd, &e.any, &length);
    int six = e.any.sa_family == AF_INET6;
    inet_ntop(e.any.sa_family, six ? (const void *)&e.v6.sin6_addr : (const void *)&e.v4.sin_addr, host, sizeof host);
    snprintf(text, size, "%s%s%s:%d", six ? "[" : "", host, six ? "]" : "",
             ntohs(six ? e.v6.sin6_port : e.v4.sin_port));
}

static struct visitor *visitor_of(struct MHD_Connection *c)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

static void on_connection(void *context, struct MHD_Connection *c, void **socket_context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct http *h = context;
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
    uint64_t now = clock_monotonic();
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        if (h->visitors.n == 0)
            h->tick_at = now + tick_ns;
        *socket_context = info ? visitors_enter(&h->visitors, info->connect_fd, now) : NULL;
    } else if (*socket_context) {
        visitors_leave(&h->visitors, *socket_context);
        *socket_context = NULL;
    }
}

static enum MHD_Result send_reply(const struct request *r, struct MHD_Response *response)
{
    struct visitor *v = visitor_of(r->connection);
    int streams = r->status == MHD_HTTP_OK && strcmp(r->path, "/api/v1/events") == 0;
    if (v)
        visitor_becomes(v, streams ? VISITOR_STREAM : VISITOR_SERVED, clock_monotonic());
    return reply_send(r->connection, r->status, response);
}

static enum MHD_Result begin_request(struct http *h, struct MHD_Connection *c, const char *path, const char *method,
                                     void **request_context)
{
    struct request *r = *request_context = calloc(1, sizeof *r);
    if (!r)
        return MHD_NO;
    *r = (struct request){.connection = c, .method = method, .path = path};
    struct MHD_Response *refused = routes_head(&h->desk, r);
    return r->status ? send_reply(r, refused) : MHD_YES;
}

/* Called for the head of a request, then for each piece of its body, then for its end. Its type is the library's. */
static enum MHD_Result on_request(void *context, /* NOLINT(readability-function-size) */
                                  struct MHD_Connection *c, const char *url, const char *method, const char *version,
                                  const char *data, size_t *n, void **request_context)
{
    struct http *h = context;
    struct request *r = *request_context;
    (void)version;
    if (!r)
        return begin_request(h, c, url, method, request_context);
    if (*n == 0) {
        struct MHD_Response *answer = routes_answer(&h->desk, r);
        return send_reply(r, answer);
    }
    if (*n > ROUTES_BODY_MAX - r->n)
        return MHD_NO; /* it did not say before how long it is: it is cut off */
    memcpy(r->body + r->n, data, *n);
    r->n += *n;
    *n = 0;
    return MHD_YES;
}

static void on_completed(void *context, struct MHD_Connection *c, void **request_context,
                         enum MHD_RequestTerminationCode why)
{
    (void)context, (void)c, (void)why;
    free(*request_context);
    *request_context = NULL;
}

static int watch(const struct http *h, int op, int fd)
{
    struct epoll_event e = {.events = EPOLLIN};
    return epoll_ctl(h->epoll, op, fd, &e);
}

/* Uses the listening socket up. 0 or -errno. */
static int start(struct http *h, int listener)
{
    h->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request, h, MHD_OPTION_LISTEN_SOCKET, listener,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)VISITORS_MAX, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)CONNECTION_MEMORY, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, h, MHD_OPTION_NOTIFY_COMPLETED, on_completed, h, MHD_OPTION_END);
    if (!h->daemon) {
        close(listener); /* which it takes over only when it starts */
        return -ENOMEM;
    }
    h->served = MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    h->epoll = epoll_create1(EPOLL_CLOEXEC);
    h->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (h->epoll < 0 || h->timer < 0 || watch(h, EPOLL_CTL_ADD, h->served) != 0 ||
        watch(h, EPOLL_CTL_ADD, h->timer) != 0)
        return -errno;
    return 0;
}

static void announce(const struct http *h, const struct pipeline *p, const union endpoint *e, const char *where,
                     const struct log *log)
{
    if (!endpoint_is_loopback(e))
        log_write(log, LOG_LEVEL_WARNING,
                  "http: %s can be reached from other machines: whoever gets there can look, unencrypted; what changes "
                  "something wants the token",
                  where);
    if (p->http_token)
        log_write(log, LOG_LEVEL_INFO, "http: http://%s/ for the page, /metrics for Prometheus", where);
    else
        log_write(log, LOG_LEVEL_INFO, "http: http://%s/#token=%s for the page, /metrics for Prometheus", where,
                  h->desk.credential.token);
}

/* 0 or -errno. */
static int open_at(struct http *h, const struct pipeline *p, const char *name, const struct log *log)
{
    union endpoint e;
    char where[INET6_ADDRSTRLEN + 16];
    const char *reason;
    int listener = endpoint_parse(p->http, &e, &reason) == 0 ? listen_at(&e) : -EINVAL;
    if (listener < 0)
        return listener;
    print_endpoint(listener, where, sizeof where);
    int error = start(h, listener);
    if (!error)
        error = credential_make(&h->desk.credential, p->http_token, name);
    if (error)
        return error;
    h->desk.events = events_create();
    if (!h->desk.events)
        return -ENOMEM;
    throttle_begin(&h->throttle, SHARE_LEAST, spared_ns, rest_ns, clock_monotonic());
    gethostname(h->desk.machine, sizeof h->desk.machine - 1);
    announce(h, p, &e, where, log);
    return 0;
}

struct http *http_open(const struct pipeline *p, const char *name, const struct log *log, char *why, size_t why_size)
{
    struct http *h = calloc(1, sizeof *h);
    int error = -ENOMEM;
    if (h) {
        h->epoll = h->timer = -1;
        error = open_at(h, p, name, log);
    }
    if (!error)
        return h;
    snprintf(why, why_size, "cannot serve HTTP at %s: %s", p->http, strerror(-error));
    http_close(h);
    return NULL;
}

void http_close(struct http *h)
{
    if (!h)
        return;
    if (h->desk.events) {
        events_say(h->desk.events, "event: end\ndata: {}\n\n");
        MHD_run(h->daemon);
        events_end(h->desk.events);
        MHD_run(h->daemon); /* what was suspended goes on, */
        MHD_run(h->daemon); /* and is sent */
    }
    if (h->daemon)
        MHD_stop_daemon(h->daemon);
    events_destroy(&h->desk.events);
    credential_forget(&h->desk.credential);
    if (h->timer >= 0)
        close(h->timer);
    if (h->epoll >= 0)
        close(h->epoll);
    free(h);
}

int http_fd(const struct http *h)
{
    return h->epoll;
}

static void arm(const struct http *h, uint64_t at_ns, uint64_t now_ns)
{
    uint64_t in = at_ns > now_ns ? at_ns - now_ns : 1; /* 0 would disarm it */
    struct itimerspec when = {.it_value = {(time_t)(in / NS_PER_S), (long)(in % NS_PER_S)}};
    if (at_ns == UINT64_MAX)
        when = (struct itimerspec){0};
    timerfd_settime(h->timer, 0, &when, NULL);
}

/* When there is something to do that no socket tells of; UINT64_MAX: there is nothing. */
static uint64_t next_time(const struct http *h, uint64_t now_ns)
{
    MHD_UNSIGNED_LONG_LONG ms;
    uint64_t at = h->visitors.n > 0 ? h->tick_at : UINT64_MAX;
    if (MHD_get_timeout(h->daemon, &ms) == MHD_YES && now_ns + ms * NS_PER_MS < at)
        at = now_ns + ms * NS_PER_MS;
    return at;
}

static void tick(struct http *h, uint64_t now_ns)
{
    visitors_tidy(&h->visitors, now_ns);
    if (events_streams(h->desk.events) > 0)
        routes_tick(&h->desk);
    h->tick_at = now_ns + tick_ns;
}

static uint64_t share_of(struct supervisor *s)
{
    double share = operator_scaling(s)->cores.budget * SHARE_LEAST;
    return share < SHARE_LEAST ? SHARE_LEAST : share > SHARE_MOST ? SHARE_MOST : (uint64_t)share;
}

void http_ready(void *http, struct supervisor *s)
{
    struct http *h = http;
    uint64_t expired, now = clock_monotonic();
    uint64_t began = now - h->ended_ns < spell_ns ? h->ended_cpu_ns : clock_now(CLOCK_THREAD_CPUTIME_ID);
    ssize_t ignored = read(h->timer, &expired, sizeof expired); /* that it has expired is enough */
    (void)ignored;
    if (h->muted && watch(h, EPOLL_CTL_ADD, h->served) == 0)
        h->muted = 0;
    h->desk.run = s;
    if (h->visitors.n > 0 && now >= h->tick_at)
        tick(h, now);
    MHD_run(h->daemon);
    h->desk.run = NULL;
    h->ended_ns = now = clock_monotonic();
    h->ended_cpu_ns = clock_now(CLOCK_THREAD_CPUTIME_ID);
    h->throttle.share_permille = share_of(s);
    uint64_t next = throttle_spend(&h->throttle, h->ended_cpu_ns - began, now);
    if (next > now && watch(h, EPOLL_CTL_DEL, h->served) == 0)
        h->muted = 1;
    arm(h, h->muted ? next : next_time(h, now), now);
}
