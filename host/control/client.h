/* The other side of a control socket: one request, one answer. Any process of the pipeline's owner; blocks. */
#ifndef CLIENT_H
#define CLIENT_H

#include <jansson.h>
#include <stddef.h>

/* Asks the running pipeline `name`. The answer, to be released; NULL, and in `why` what to tell the user. Uses
 * `request` up. */
json_t *client_ask(const char *name, json_t *request, char *why, size_t why_size);

#endif
