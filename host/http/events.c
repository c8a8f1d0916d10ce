#include "events.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 16384 };

/* What is being sent to any number of streams. */
struct message {
    uint32_t holders;
    size_t size;
    char text[];
};

struct stream {
    struct events *events;
    struct MHD_Connection *connection;
    struct message *sending; /* NULL: it waits, and then it is suspended */
    size_t sent;
    int suspended;
};

struct events {
    struct stream *streams[EVENTS_STREAMS_MAX];
    uint32_t n;
    struct message *last;
    int over;
};

static struct message *hold(struct message *m)
{
    if (m)
        m->holders++;
    return m;
}

static void release(struct message *m)
{
    if (m && --m->holders == 0)
        free(m);
}

struct events *events_create(void)
{
    return calloc(1, sizeof(struct events));
}

void events_destroy(struct events **e)
{
    if (!*e)
        return;
    release((*e)->last);
    free(*e);
    *e = NULL;
}

uint32_t events_streams(const struct events *e)
{
    return e->n;
}

static ssize_t next_bytes(void *context, uint64_t position, char *to, size_t most)
{
    struct stream *s = context;
    (void)position;
    if (!s->sending && s->events->over)
        return MHD_CONTENT_READER_END_OF_STREAM;
    if (!s->sending) {
        s->suspended = 1;
        MHD_suspend_connection(s->connection);
        return 0;
    }
    size_t left = s->sending->size - s->sent, n = left < most ? left : most;
    memcpy(to, s->sending->text + s->sent, n);
    s->sent += n;
    if (n == left) {
        release(s->sending);
        s->sending = NULL;
    }
    return (ssize_t)n;
}

static void forget(void *context)
{
    struct stream *s = context;
    struct events *e = s->events;
    for (uint32_t i = 0; i < e->n; i++)
        if (e->streams[i] == s) {
            e->streams[i] = e->streams[--e->n];
            break;
        }
    release(s->sending);
    free(s);
}

struct MHD_Response *events_stream(struct events *e, struct MHD_Connection *c)
{
    struct stream *s = e->n < EVENTS_STREAMS_MAX ? calloc(1, sizeof *s) : NULL;
    if (!s)
        return NULL;
    *s = (struct stream){.events = e, .connection = c, .sending = hold(e->last)};
    struct MHD_Response *r = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, next_bytes, s, forget);
    if (!r) {
        release(s->sending);
        free(s);
        return NULL;
    }
    e->streams[e->n++] = s;
    MHD_add_response_header(r, "Content-Type", "text/event-stream");
    return r;
}

static void wake(struct stream *s)
{
    if (s->suspended)
        MHD_resume_connection(s->connection);
    s->suspended = 0;
}

void events_say(struct events *e, const char *text)
{
    size_t size = strlen(text);
    struct message *m = malloc(sizeof *m + size + 1);
    if (!m)
        return;
    m->holders = 1;
    m->size = size;
    memcpy(m->text, text, size + 1);
    release(e->last);
    e->last = m;
    for (uint32_t i = 0; i < e->n; i++) {
        struct stream *s = e->streams[i];
        if (s->sending)
            continue; /* it does not keep up */
        s->sending = hold(m);
        s->sent = 0;
        wake(s);
    }
}

void events_end(struct events *e)
{
    e->over = 1;
    for (uint32_t i = 0; i < e->n; i++)
        wake(e->streams[i]);
}
