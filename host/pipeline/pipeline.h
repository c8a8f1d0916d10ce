/* A checked pipeline: plain data, all defaults filled in, nothing of libconfig in it. Owned by the host; a stage server
 * and its workers read the copy that they inherited by fork. Immutable after the check.
 */
#ifndef PIPELINE_H
#define PIPELINE_H

#include <stdint.h>

#include "description.h"
#include "sandbox.h"

struct region;

enum {
    PIPELINE_STAGES_MAX = 39, /* a holder bit each, beside PENDING, in a block's 40-bit word */
    STAGE_WORKERS_MAX = 64,
    STAGE_INPUTS_MAX = 16, /* edges into one stage */
    PIPELINE_EDGES_MAX = 256
};

enum huge_pages { HUGE_PAGES_TRY, HUGE_PAGES_REQUIRE, HUGE_PAGES_OFF };
enum on_error { ON_ERROR_DEAD_LETTER, ON_ERROR_DROP, ON_ERROR_STOP }; /* what becomes of a frame that is refused */
enum when_full { WHEN_FULL_BLOCK, WHEN_FULL_DROP };

/* The value of one option, converted and checked. */
struct option_value {
    const struct option_description *option;
    int is_set;      /* 0: the default */
    int64_t integer; /* BOOL, INT, SIZE (bytes), TIME (ns), CHOICE (index) */
    double number;   /* FLOAT */
    char *text;      /* STRING, PATH, CHOICE; for other types the canonical text */
    char **items;    /* LIST: canonical texts */
    uint32_t n_items;
};

/* An edge: from an output port of one stage into an input port of another, whose ring it uses. */
struct edge {
    uint32_t from, from_port; /* index in stages; index of the output port */
    uint32_t to, to_port;
    enum when_full when_full;
    int copy; /* 1: a block that was not created by the sender must be copied, since it may reach `to` by another way
                 too */
};

struct stage {
    char *name;
    char *processor;                                 /* "pack.processor" */
    const struct processor_description *description; /* the catalogue's */
    struct option_value *options;                    /* n_options = description->n_options, in the table's order */
    uint32_t workers_min, workers_max;               /* equal: a fixed number */
    int workers_auto;                                /* 1: from one to as many as the memory has room for */
    enum on_error on_error;
    uint32_t max_attempts; /* deaths or retries with one frame in hand until it is refused */
    uint64_t timeout_ns;   /* deadline of one frame, of flush() and of close(); 0: none */
    int ordered;
    uint64_t memory; /* bytes of the arena that this stage may own; 0: an equal share */
    enum sandbox_level sandbox;
    uint32_t queue; /* capacity of its ring, frames: a power of two; 0 for a source */
    int is_source, is_sink;
    int line;     /* in the file; 0: from a one-line pipeline */
    uint32_t set; /* a bit for each enum stage_setting: 1, it was set; 0, it is the default */
};

struct pipeline {
    char *name;
    char *file;              /* NULL: from a one-line pipeline */
    uint64_t memory;         /* bytes of the arena */
    uint64_t workers_memory; /* bytes of their own that all processes together may take; 0: no limit */
    uint32_t cpus;           /* cores that all processes together may use; 0: as many as there are */
    enum huge_pages huge_pages;
    char *dead_letters;        /* folder; NULL: dead letters are counted, not kept */
    uint64_t start_timeout_ns; /* deadline of loading a plugin, and of open(); 0: none */
    uint64_t drain_timeout_ns;
    char *plugin_path;    /* folders with packs, separated by colons; NULL: only the usual ones */
    char *http;           /* where to listen, as endpoint_parse() takes it; NULL: nowhere */
    char *http_token;     /* secret; NULL: one is to be made up */
    struct stage *stages; /* in topological order of the file: a stage comes after all that it reads from */
    uint32_t n_stages;
    struct edge *edges; /* sorted by `from`, then `to`, then the order in the file */
    uint32_t n_edges;
    uint32_t set; /* a bit for each enum pipeline_setting: 1, it was set; 0, it is the default */
};

/* An empty pipeline, for what makes one; all that it points to shall live in *region, which dies with it. */
struct pipeline *pipeline_create(struct region **region);

void pipeline_destroy(struct pipeline **p);

/* Index of a stage by name, -1 if there is none. */
int pipeline_stage(const struct pipeline *p, const char *name);

/* Name of the stage that was probably meant; NULL: none is near. */
const char *pipeline_nearest_stage(const struct pipeline *p, const char *wrong);

/* The value of an option of a stage by name, NULL if the processor has none of that name. */
const struct option_value *stage_option(const struct stage *s, const char *name);

#endif
