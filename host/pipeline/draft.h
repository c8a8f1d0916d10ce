/* A pipeline while it is checked, passed from check to check. */
#ifndef DRAFT_H
#define DRAFT_H

#include "catalogue.h"
#include "complaint.h"
#include "node.h"
#include "pipeline.h"
#include "region.h"
#include "settings.h"

struct draft {
    struct catalogue *catalogue;
    struct complaints *complaints;
    struct region *region;     /* the pipeline's own */
    struct pipeline *pipeline; /* stages in the order of the file; description NULL: the processor was not found */
    const struct node *root;   /* the tree that it is made of */
    const struct node *stages[PIPELINE_STAGES_MAX + 1]; /* the group of each stage; the last is one too many */
};

/* Adds a complaint; about a stage: with "stage 'x': " in front. `stage` may be NULL. */
__attribute__((format(printf, 4, 5))) void draft_complain(struct draft *d, const struct stage *stage,
                                                          struct position at, const char *format, ...);

/* The node of a stage's setting, NULL if it is not set. */
const struct node *draft_stage_node(const struct draft *d, uint32_t stage, enum stage_setting which);

/* Where to complain of a stage as a whole: its processor, or its group. */
struct position draft_stage_place(const struct draft *d, uint32_t stage);

/* " (did you mean 'x'?)", or "" for NULL. */
const char *draft_hint(struct draft *d, const char *nearest);

#endif
