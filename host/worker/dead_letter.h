/* Dead letters: a refused frame as two files in the pipeline's folder: <name>.bin, the payload, and <name>.json, what
 * is known of it.
 *
 * Written by the worker in the roll forward of its transaction, so a worker that dies over it leaves it to its
 * successor: the name comes from stage, run and the frame's position in the stage's ring, and each file is put into
 * place by a rename, .json last. So there is one of it, and a .json means that it is whole.
 */
#ifndef DEAD_LETTER_H
#define DEAD_LETTER_H

#include "journal.h"
#include "letter_file.h"
#include "log.h"
#include "segment.h"

struct dead_letter_box {
    const struct segment *segment;
    const struct log *log;
    uint32_t stage, worker;
    int folder; /* -1: none is configured, refused frames are counted only */
};

/* Creates the folder and those above it. 0 or -errno. The host does so before the first fork. */
int dead_letter_make_folder(const char *path);

/* Opens the folder, if one is configured. 0 or -errno. If somebody has removed it since the host made it, it is made
 * again; a worker that still has the old one leaves over its next letter, and its successor comes here. In a sandbox
 * that is strict nothing can be made, and nothing could be written into what others made. */
int dead_letter_open(struct dead_letter_box *box, const struct segment *s, uint32_t stage, uint32_t worker,
                     const struct log *log);

/* What its files are called, without .json and .bin: of a frame by its position in the stage's ring, of a source's
 * record by the worker, too. */
void dead_letter_name(const struct segment *s, uint32_t stage, uint32_t worker, uint64_t position,
                      char name[LETTER_NAME_BYTES]);

/* The write of a refusal_sink; `context` is the box. Exits with WORKER_FATAL if it cannot be written: nothing is given
 * up. */
void dead_letter_write(void *context, const struct refusal *refusal, const struct descriptor *frame);

#endif
