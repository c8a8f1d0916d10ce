/* Replies: what every answer of the HTTP server has in common. Each ends its connection, may be kept by no cache, and
 * may be used by no page of others. */
#ifndef REPLY_H
#define REPLY_H

#include <microhttpd.h>

/* Of a text, or of nothing if that is NULL: for want of memory. Uses `text`, which is to be freed, up. */
struct MHD_Response *reply_of(char *text, const char *type);

/* Of a copy of a text. */
struct MHD_Response *reply_plain(const char *text);

/* {"ok":false,"error":...} */
struct MHD_Response *reply_error(const char *error);

void reply_header(struct MHD_Response *r, const char *name, const char *value);

/* Sends it. NULL: 503, or an end of the connection. */
enum MHD_Result reply_send(struct MHD_Connection *c, unsigned status, struct MHD_Response *r);

#endif
