/* Routes: which request gets what. Host process, from within the server's loop.
 *
 * Whoever can connect may look; what changes something wants the token. docs/monitoring.md has the list.
 */
#ifndef ROUTES_H
#define ROUTES_H

#include "credential.h"
#include "events.h"
#include "operator.h"
#include "steady.h"

enum { ROUTES_BODY_MAX = 1024 };

/* What answers are made from. */
struct desk {
    struct supervisor *run; /* NULL outside of the loop */
    struct credential credential;
    struct events *events;
    struct steady steady;
    char machine[256]; /* its name, for Host */
};

/* A request that comes in, and how it is answered. */
struct request {
    struct MHD_Connection *connection;
    const char *method, *path;
    char body[ROUTES_BODY_MAX + 1];
    size_t n;               /* bytes of it */
    unsigned status;        /* 0: it is not answered yet */
    const struct route *to; /* set by routes_head(), if there is one */
};

/* What is to be sent when the head is there. With a status of 0: nothing, the body is to be awaited. */
struct MHD_Response *routes_head(struct desk *d, struct request *r);

/* What is to be sent for a request that is there. */
struct MHD_Response *routes_answer(struct desk *d, struct request *r);

/* Says the status to all streams. */
void routes_tick(struct desk *d);

#endif
