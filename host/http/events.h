/* Events: streams of one status a second, as server-sent events. All streams share what is sent; one that does not
 * keep up misses some of it, and costs no memory. Host process, from within the server's loop. */
#ifndef EVENTS_H
#define EVENTS_H

#include <microhttpd.h>
#include <stdint.h>

enum { EVENTS_STREAMS_MAX = 16 };

struct events;

struct events *events_create(void);

/* Ends all streams first, and the server has to run once before it is stopped: a stream that waits is suspended. */
void events_end(struct events *e);
void events_destroy(struct events **e);

/* How many streams there are. */
uint32_t events_streams(const struct events *e);

/* A stream for a connection; it begins with what was said last, if anything was. NULL: there are too many, or there is
 * no memory. */
struct MHD_Response *events_stream(struct events *e, struct MHD_Connection *c);

/* Tells all streams; copies the text. */
void events_say(struct events *e, const char *text);

#endif
