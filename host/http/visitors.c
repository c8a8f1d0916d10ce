#include "visitors.h"

#include <stddef.h>
#include <sys/socket.h>

#include "clock.h"

/* How long a request may take to come, and an answer to be read. */
static const uint64_t asking_ns = 5 * NS_PER_S, served_ns = 20 * NS_PER_S;

/* The server notices, and closes it. */
static void send_away(struct visitor *which)
{
    which->state = VISITOR_LEAVING;
    shutdown(which->fd, SHUT_RDWR);
}

static void make_room(struct visitors *v)
{
    struct visitor *oldest = NULL;
    for (uint32_t i = 0; i < VISITORS_MAX; i++) {
        struct visitor *p = &v->places[i];
        if (p->state == VISITOR_ASKING && (!oldest || p->since_ns < oldest->since_ns))
            oldest = p;
    }
    if (oldest)
        send_away(oldest);
}

struct visitor *visitors_enter(struct visitors *v, int fd, uint64_t now_ns)
{
    if (v->n + VISITORS_SPARE >= VISITORS_MAX)
        make_room(v);
    for (uint32_t i = 0; i < VISITORS_MAX; i++)
        if (v->places[i].state == VISITOR_NONE) {
            v->places[i] = (struct visitor){fd, VISITOR_ASKING, now_ns};
            v->n++;
            return &v->places[i];
        }
    return NULL;
}

void visitors_leave(struct visitors *v, struct visitor *which)
{
    *which = (struct visitor){.fd = -1};
    v->n--;
}

void visitor_becomes(struct visitor *which, enum visitor_state state, uint64_t now_ns)
{
    which->state = state;
    which->since_ns = now_ns;
}

void visitors_tidy(struct visitors *v, uint64_t now_ns)
{
    for (uint32_t i = 0; i < VISITORS_MAX; i++) {
        struct visitor *p = &v->places[i];
        if ((p->state == VISITOR_ASKING && now_ns >= p->since_ns + asking_ns) ||
            (p->state == VISITOR_SERVED && now_ns >= p->since_ns + served_ns))
            send_away(p);
    }
}
