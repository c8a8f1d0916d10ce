/* What the processor `sins.sinner` can do wrong, by the name that its option gives it. */
#ifndef SINS_H
#define SINS_H

#include <micropipe/micropipe.h>

struct sin {
    const char *name;
    mpipe_status (*commit)(const mpipe_host *host, const mpipe_io *io, mpipe_frame *frame);
};

/* Each file has a table; it ends with a row without a name. */
extern const struct sin process_sins[], memory_sins[], surroundings_sins[];

#endif
