#include "link.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cleanup.h"
#include "client.h"
#include "clock.h"

enum { PATIENCE_S = 2, ANSWER_MAX = 16 << 20, CHUNK = 64 << 10 };

int link_open(struct link *l, const char *name, char *why, size_t why_size)
{
    *l = (struct link){.fd = client_connect(name, PATIENCE_S, why, why_size)};
    return l->fd >= 0 ? 0 : -1;
}

void link_close(struct link *l)
{
    if (l->fd >= 0)
        close(l->fd);
    free(l->text);
    *l = (struct link){.fd = -1};
}

static int give_up(struct link *l)
{
    link_close(l);
    return -1;
}

int link_ask(struct link *l, json_t *request)
{
    AUTO_FREE char *text = request ? json_dumps(request, JSON_COMPACT) : NULL;
    AUTO_FREE char *line = NULL;
    json_decref(request);
    if (l->fd < 0 || !text || asprintf(&line, "%s\n", text) < 0) {
        line = NULL;
        return give_up(l);
    }
    if (send(l->fd, line, strlen(line), MSG_NOSIGNAL) != (ssize_t)strlen(line))
        return give_up(l);
    l->asked++;
    return 0;
}

/* 1: there is more; 0: not now; -1: the other side is gone, or sends without an end. */
static int read_more(struct link *l)
{
    char *text = l->n < ANSWER_MAX ? realloc(l->text, l->n + CHUNK) : NULL;
    if (!text)
        return -1;
    l->text = text;
    ssize_t n = recv(l->fd, l->text + l->n, CHUNK, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (n <= 0)
        return -1;
    l->n += (size_t)n;
    return 1;
}

/* The first line of what is there, taken out. NULL: it is not whole, or (*bad) no JSON. */
static json_t *first_line(struct link *l, int *bad)
{
    const char *end = l->n ? memchr(l->text, '\n', l->n) : NULL;
    if (!end)
        return NULL;
    size_t length = (size_t)(end - l->text);
    json_t *answer = json_loadb(l->text, length, 0, NULL);
    l->n -= length + 1;
    memmove(l->text, end + 1, l->n);
    *bad = answer == NULL;
    return answer;
}

int link_take(struct link *l, json_t **answer)
{
    int more = 1, bad = 0;
    *answer = NULL;
    if (l->fd < 0)
        return -1;
    while (more > 0 && !(*answer = first_line(l, &bad)) && !bad)
        more = read_more(l);
    if (bad || more < 0)
        return give_up(l);
    l->asked -= *answer != NULL;
    return 0;
}

json_t *link_wait(struct link *l, json_t *request, int patience_ms, char why[SILENCE_TEXT])
{
    uint64_t end = clock_monotonic() + (uint64_t)patience_ms * NS_PER_MS;
    json_t *answer = NULL;
    why[0] = '\0';
    if (link_ask(l, request) != 0)
        return NULL;
    while (!answer) {
        uint64_t now = clock_monotonic();
        if (silence_bear(l->fd, now < end ? (int)((end - now) / NS_PER_MS) + 1 : 0, why) != 0)
            return give_up(l), NULL;
        if (link_take(l, &answer) != 0)
            return NULL;
    }
    return answer;
}
