/* What is known of a processor without running it: its tables, copied out of the plugin by the scanner, owned by the
 * host.
 *
 * Built in a throw-away child that dlopens the plugin (scan.h), sent over a pipe and validated here: nothing in a
 * description points into a plugin. Immutable once it is in a catalogue, which owns it.
 */
#ifndef DESCRIPTION_H
#define DESCRIPTION_H

#include <stdint.h>

struct option_description {
    char *name;
    uint32_t type, flags;              /* MPIPE_BOOL ... | MPIPE_LIST; MPIPE_REQUIRED ... */
    char *fallback, *min, *max, *unit; /* NULL: none */
    char **choices;                    /* n_choices of them */
    uint32_t n_choices;
    char *doc;
};

struct port_description {
    char *name, *doc;
    uint32_t type, flags;
};

struct processor_description {
    char *pack, *name, *version; /* "image", "decode", "1.0.0" */
    char *file, *pack_dir;       /* the .so, absolute; its folder */
    char *summary, *example;     /* example: NULL if none */
    uint32_t flags;              /* MPIPE_SOURCE ... */
    uint32_t abi_minor;
    uint64_t state_size;
    int pull; /* 1: run(), 0: process() */
    struct option_description *options;
    struct port_description *inputs,
        *outputs; /* the default port, "in" or "out", is filled in; a source has no input */
    char **needs;
    uint32_t n_options, n_inputs, n_outputs, n_needs;
};

/* NULL if there is no option of that name. */
const struct option_description *description_option(const struct processor_description *d, const char *name);

/* Index of a port by name, -1 if there is none. */
int description_input(const struct processor_description *d, const char *name);
int description_output(const struct processor_description *d, const char *name);

/* Frees the description and all that it owns; *d becomes NULL. */
void description_destroy(struct processor_description **d);

#endif
