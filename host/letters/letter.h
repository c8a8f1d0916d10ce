/* Dead letters as they lie in their folder: <name>.json, what is known of a frame that was refused, and <name>.bin, its
 * payload. Host process, when no pipeline of ours runs.
 *
 * host/worker/dead_letter.h writes them. Whatever is in the folder may have been written by anybody: what is no letter
 * has a `problem`, and is left alone.
 */
#ifndef LETTER_H
#define LETTER_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

struct letter {
    char *name;    /* of the files, without .json */
    char *problem; /* NULL, or why it is no letter; then nothing below is known */
    char *stage;
    char *port; /* input port that the frame came by; "": the first */
    char *reason;
    char *signal; /* "": none */
    uint64_t run, position, attempts, sequence, size;
    int has_frame; /* 0: a source refused a record, there never was a frame */
};

struct letter_list {
    struct letter *letters; /* by run, then stage, then position */
    size_t n, room;
};

/* All letters of a folder, or (`stage` not NULL) those of one stage, and those with a problem. 0 or -errno. */
int letters_list(int folder, const char *stage, struct letter_list *out);
void letters_clear(struct letter_list *l);

/* Takes all out but those of n names; with none of these, nothing. NULL, or the name that no letter has. */
const char *letters_keep(struct letter_list *l, char *const *names, size_t n);

/* What is known of one letter, to be released. 0 or -errno; and why it is no letter, but for -ENOMEM. */
int letter_load(int folder, const char *name, char *why, size_t why_size, json_t **out);

/* Up to `most` bytes of its payload, to free(), and how many. NULL and errno: it cannot be read. */
uint8_t *letter_payload(int folder, const json_t *letter, size_t most, size_t *size);

#endif
