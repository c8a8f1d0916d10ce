/* A tap's connection: lines of JSON, and descriptors beside them. Process of the client; blocks. */
#ifndef TAP_STREAM_H
#define TAP_STREAM_H

#include <jansson.h>
#include <stddef.h>

enum { TAP_DESCRIPTORS = 4 };

struct tap_stream {
    int fd;
    char *text; /* that was read, n bytes, of which the first `used` are done with */
    size_t n, used, room;
    int descriptors[TAP_DESCRIPTORS]; /* that came and were not taken, the oldest first */
    int n_descriptors;
};

/* Takes the connection. */
void tap_stream_init(struct tap_stream *s, int fd);
void tap_stream_close(struct tap_stream *s);

/* The next line, to be released; NULL: the other side is gone, or sent nonsense. */
json_t *tap_stream_next(struct tap_stream *s);

/* The descriptor that came with the line, to be closed; -1: none did. */
int tap_stream_descriptor(struct tap_stream *s);

#endif
