/* What the tables of a processor say, in words: shared by the pages and the JSON of micropipe inspect. */
#ifndef INSPECT_WORDS_H
#define INSPECT_WORDS_H

#include <stddef.h>
#include <stdint.h>

#include "description.h"

/* A flag of a processor. */
struct flag_words {
    uint32_t flag;
    const char *name, *meaning; /* "stateless", "no frame changes what becomes of another" */
};

/* All flags but MPIPE_SOURCE, which is a kind; ends with flag 0. */
const struct flag_words *inspect_flags(void);

/* "source", "filter" or "sink". */
const char *inspect_kind(const struct processor_description *d);

/* "any", "text", "image", "tensor"; "0x8f3a0c11" for a type that is a plugin's own, in `buffer`. */
const char *inspect_frame_type(uint32_t type, char *buffer, size_t size);

#endif
