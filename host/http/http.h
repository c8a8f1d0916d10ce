/* The HTTP server of a running pipeline: metrics, health, status, and the page. Host process, from within the
 * supervisor's loop; never blocks, has no thread, and takes no more of the machine than a hundredth of the cores and
 * some memory, whatever its clients do.
 */
#ifndef HTTP_H
#define HTTP_H

#include "log.h"
#include "operator.h"

struct http;

/* Listens at `p->http`, which has passed the check. `name` is what the control socket is called; NULL: there is none.
 * Says where it listens, and what token it made up. NULL: it cannot, and in `why` is a sentence. */
struct http *http_open(const struct pipeline *p, const char *name, const struct log *log, char *why, size_t why_size);

/* Tells whoever looks that it is over. */
void http_close(struct http *h);

/* To be watched for reading, and what to call then: the hooks of the supervisor. */
int http_fd(const struct http *h);
void http_ready(void *http, struct supervisor *s);

#endif
