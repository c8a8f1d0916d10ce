/* The other side of a control socket: one request, one answer. Any process of the pipeline's owner; blocks. */
#ifndef CLIENT_H
#define CLIENT_H

#include <jansson.h>
#include <stddef.h>

/* A connection to the running pipeline `name`, which waits for the other side at most so long, whatever is done with
 * it. -1, and in `why` what to tell the user. */
int client_connect(const char *name, unsigned patience_s, char *why, size_t why_size);

/* Asks the running pipeline `name`. The answer, to be released; NULL, and in `why` what to tell the user. Uses
 * `request` up. */
json_t *client_ask(const char *name, json_t *request, char *why, size_t why_size);

#endif
