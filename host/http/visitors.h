/* Visitors: the connections of the HTTP server, and which of them have been there for long enough.
 *
 * A client that says what it wants is answered and cut off; only a stream of events stays. So one that has a connection
 * and asks nothing, or asks it a byte at a time, or does not read, has a deadline; and if all places are taken, the one
 * that has been asking for longest has to go, so that the next finds one. Host process.
 */
#ifndef VISITORS_H
#define VISITORS_H

#include <stdint.h>

enum { VISITORS_MAX = 64, VISITORS_SPARE = 12 };

enum visitor_state { VISITOR_NONE, VISITOR_ASKING, VISITOR_SERVED, VISITOR_STREAM, VISITOR_LEAVING };

struct visitor {
    int fd; /* the server's: never closed here */
    enum visitor_state state;
    uint64_t since_ns; /* when the state began */
};

struct visitors {
    struct visitor places[VISITORS_MAX];
    uint32_t n;
};

/* One has come. Makes another go if nearly all places are taken. NULL: there is no place. */
struct visitor *visitors_enter(struct visitors *v, int fd, uint64_t now_ns);
void visitors_leave(struct visitors *v, struct visitor *which);

void visitor_becomes(struct visitor *which, enum visitor_state state, uint64_t now_ns);

/* Has those go whose time is over. */
void visitors_tidy(struct visitors *v, uint64_t now_ns);

#endif
