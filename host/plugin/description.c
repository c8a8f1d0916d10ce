#include "description.h"

#include <stdlib.h>
#include <string.h>

const struct option_description *description_option(const struct processor_description *d, const char *name)
{
    for (uint32_t i = 0; i < d->n_options; i++)
        if (strcmp(d->options[i].name, name) == 0)
            return &d->options[i];
    return NULL;
}

static int port_index(const struct port_description *ports, uint32_t n, const char *name)
{
    for (uint32_t i = 0; i < n; i++)
        if (strcmp(ports[i].name, name) == 0)
            return (int)i;
    return -1;
}

int description_input(const struct processor_description *d, const char *name)
{
    return port_index(d->inputs, d->n_inputs, name);
}

int description_output(const struct processor_description *d, const char *name)
{
    return port_index(d->outputs, d->n_outputs, name);
}

/* All of these accept what was built in part: counts are set with their array, which starts as zeros. */
static void free_texts(char **texts, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        free(texts[i]);
    free(texts);
}

static void free_options(struct option_description *options, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        struct option_description *o = &options[i];
        free(o->name);
        free(o->fallback);
        free(o->min);
        free(o->max);
        free(o->unit);
        free_texts(o->choices, o->n_choices);
        free(o->doc);
    }
    free(options);
}

static void free_ports(struct port_description *ports, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        free(ports[i].name);
        free(ports[i].doc);
    }
    free(ports);
}

void description_destroy(struct processor_description **d)
{
    struct processor_description *p = *d;
    if (!p)
        return;
    free(p->pack);
    free(p->name);
    free(p->version);
    free(p->file);
    free(p->pack_dir);
    free(p->summary);
    free(p->example);
    free_options(p->options, p->n_options);
    free_ports(p->inputs, p->n_inputs);
    free_ports(p->outputs, p->n_outputs);
    free_texts(p->needs, p->n_needs);
    free(p);
    *d = NULL;
}
