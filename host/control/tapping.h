/* Taps: clients of the control socket that look at frames as they leave a stage (tap.h). Host process, from within the
 * supervisor's loop; never blocks.
 *
 * While there is one, a timer looks for samples; each goes to every client that taps its stage and has read what it was
 * sent before. The others are told, with the next that they get, how many they have lost. A worker copies at most
 * TAPPING_BYTES_PER_S, and TAPPING_SAMPLES_PER_S of a stage.
 */
#ifndef TAPPING_H
#define TAPPING_H

#include <jansson.h>

#include "operator.h"

enum { TAPPING_SAMPLES_PER_S = 50, TAPPING_BYTES_PER_S = 32 << 20, TAPPING_BYTES_MAX = 64 << 10 };

struct tapping;

/* A client sends a line, and with it a descriptor (-1: none), which stays the caller's. */
enum tapping_sent { TAPPING_SENT, TAPPING_BUSY, TAPPING_GONE };
struct tapping_line {
    const char *text; /* with its newline */
    size_t n;
    int fd;
};
typedef enum tapping_sent tapping_send(void *context, uint32_t client, const struct tapping_line *line);

/* Clients are numbers below n_clients. NULL: no memory, or no timer. */
struct tapping *tapping_create(uint32_t n_clients);
void tapping_destroy(struct tapping **t);

/* To be watched for reading, and then tapping_tick() to be called. */
int tapping_fd(const struct tapping *t);

/* What a request with the command "tap" wants; the answer. A client has one tap: another takes its place. */
json_t *tapping_begin(struct tapping *t, struct supervisor *s, uint32_t client, const json_t *request);

/* The client is gone. */
void tapping_end(struct tapping *t, uint32_t client);

/* Hands on what there is. A client that is GONE has no tap any more. */
void tapping_tick(struct tapping *t, struct supervisor *s, tapping_send *send, void *context);

#endif
