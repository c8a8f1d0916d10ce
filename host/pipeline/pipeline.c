#include "pipeline.h"

#include <stdlib.h>
#include <string.h>

#include "nearest.h"
#include "needed.h"
#include "region.h"

/* The pipeline comes first, so that its address is that of the whole. */
struct owned_pipeline {
    struct pipeline pipeline;
    struct region region;
};

struct pipeline *pipeline_create(struct region **region)
{
    struct owned_pipeline *p = needed(calloc(1, sizeof *p));
    *region = &p->region;
    return &p->pipeline;
}

void pipeline_destroy(struct pipeline **p)
{
    struct owned_pipeline *owned = (struct owned_pipeline *)*p;
    if (!owned)
        return;
    region_free(&owned->region);
    free(owned);
    *p = NULL;
}

int pipeline_stage(const struct pipeline *p, const char *name)
{
    for (uint32_t i = 0; i < p->n_stages; i++)
        if (strcmp(p->stages[i].name, name) == 0)
            return (int)i;
    return -1;
}

const char *pipeline_nearest_stage(const struct pipeline *p, const char *wrong)
{
    const char *names[PIPELINE_STAGES_MAX];
    for (uint32_t i = 0; i < p->n_stages; i++)
        names[i] = p->stages[i].name;
    return nearest_name(wrong, names, p->n_stages);
}

const struct option_value *stage_option(const struct stage *s, const char *name)
{
    for (uint32_t i = 0; i < s->description->n_options; i++)
        if (strcmp(s->options[i].option->name, name) == 0)
            return &s->options[i];
    return NULL;
}
