/* A link: a connection to a running pipeline that is asked again and again, by a caller that waits for other things,
 * too. Any process of the pipeline's owner; blocks in link_open() at most. */
#ifndef LINK_H
#define LINK_H

#include <jansson.h>
#include <stddef.h>

#include "silence.h"

struct link {
    int fd;     /* to be watched for reading; -1: closed */
    int asked;  /* answers that are still to come */
    char *text; /* n bytes of an answer that is not whole yet */
    size_t n;
};

/* 0; -1, and in `why` what to tell the user. */
int link_open(struct link *l, const char *name, char *why, size_t why_size);
void link_close(struct link *l);

/* Uses the request up. 0; -1: the pipeline has gone, and the link is closed. */
int link_ask(struct link *l, json_t *request);

/* Takes in what has come. *answer: the next whole one, to be released, or NULL. 0; -1: as link_ask(). */
int link_take(struct link *l, json_t **answer);

/* Asks, and waits for the answer for at most so long. NULL: there was none, and the link is closed; `why` is what
 * silence_bear() says, or empty if the pipeline has gone. */
json_t *link_wait(struct link *l, json_t *request, int patience_ms, char why[SILENCE_TEXT]);

#endif
