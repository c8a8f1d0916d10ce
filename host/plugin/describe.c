#include "describe.h"

#include <errno.h>
#include <micropipe/micropipe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verify.h"

/* Where to say what is wrong, and the first thing that was: all that follows it is skipped. */
struct copying {
    const char *processor;
    char *why;
    size_t why_size;
    int error;
};

static void no_memory(struct copying *c)
{
    c->error = -ENOMEM;
    snprintf(c->why, c->why_size, "there is no memory left to describe it");
}

static char *copy_text(struct copying *c, const char *text)
{
    if (!text || c->error)
        return NULL;
    if (strnlen(text, VERIFY_TEXT_MAX + 1) > VERIFY_TEXT_MAX) {
        c->error = -EINVAL;
        snprintf(c->why, c->why_size, "processor '%s': one of its texts has more than %d bytes: is its end missing?",
                 c->processor, VERIFY_TEXT_MAX);
        return NULL;
    }
    char *copy = strdup(text);
    if (!copy)
        no_memory(c);
    return copy;
}

/* Number of entries of a table of pointers that ends with NULL. */
static uint32_t count_entries(struct copying *c, const void *table, uint32_t most, const char *what)
{
    const char *bytes = table;
    const void *entry;
    if (!table || c->error)
        return 0;
    for (uint32_t n = 0; n <= most; n++) {
        memcpy(&entry, bytes + n * sizeof entry, sizeof entry);
        if (!entry)
            return n;
    }
    c->error = -EINVAL;
    snprintf(c->why, c->why_size, "processor '%s' has more than %u %s: is the NULL at the end of that table missing?",
             c->processor, most, what);
    return 0;
}

/* n zeroed elements; NULL if n is 0 or there was an error. */
static void *new_array(struct copying *c, uint32_t n, size_t element)
{
    void *array = n && !c->error ? calloc(n, element) : NULL;
    if (n && !c->error && !array)
        no_memory(c);
    return array;
}

static char **copy_texts(struct copying *c, const char *const *from, uint32_t most, const char *what, uint32_t *n)
{
    uint32_t count = count_entries(c, from, most, what);
    char **texts = new_array(c, count, sizeof *texts);
    *n = texts ? count : 0;
    for (uint32_t i = 0; i < *n; i++)
        texts[i] = copy_text(c, from[i]);
    return texts;
}

static void copy_option(struct copying *c, const mpipe_option *from, struct option_description *to)
{
    to->name = copy_text(c, from->name);
    to->type = from->type;
    to->flags = from->flags;
    to->fallback = copy_text(c, from->fallback);
    to->min = copy_text(c, from->min);
    to->max = copy_text(c, from->max);
    to->unit = copy_text(c, from->unit);
    to->choices = copy_texts(c, from->choices, VERIFY_CHOICES_MAX, "choices of one option", &to->n_choices);
    to->doc = copy_text(c, from->doc);
}

static void copy_options(struct copying *c, const mpipe_option *const *from, struct processor_description *d)
{
    uint32_t n = count_entries(c, from, VERIFY_OPTIONS_MAX, "options");
    d->options = new_array(c, n, sizeof *d->options);
    d->n_options = d->options ? n : 0;
    for (uint32_t i = 0; i < d->n_options; i++)
        copy_option(c, from[i], &d->options[i]);
}

/* A processor without a table has one port of that name. */
static void copy_ports(struct copying *c, const mpipe_port *const *from, const mpipe_port *const *otherwise,
                       struct port_description **ports, uint32_t *n)
{
    const mpipe_port *const *table = from ? from : otherwise;
    uint32_t count = count_entries(c, table, VERIFY_PORTS_MAX, "ports");
    *ports = new_array(c, count, sizeof **ports);
    *n = *ports ? count : 0;
    for (uint32_t i = 0; i < *n && table[i]; i++) {
        (*ports)[i].name = copy_text(c, table[i]->name);
        (*ports)[i].doc = copy_text(c, table[i]->doc);
        (*ports)[i].type = table[i]->type;
        (*ports)[i].flags = table[i]->flags;
    }
}

static void copy_all_ports(struct copying *c, const mpipe_processor *from, struct processor_description *d)
{
    static const mpipe_port in = {.name = "in", .doc = "frames"};
    static const mpipe_port out = {.name = "out", .doc = "frames"};
    static const mpipe_port *const one_input[] = {&in, NULL};
    static const mpipe_port *const one_output[] = {&out, NULL};
    static const mpipe_port *const none[] = {NULL};
    copy_ports(c, from->inputs, from->flags & MPIPE_SOURCE ? none : one_input, &d->inputs, &d->n_inputs);
    copy_ports(c, from->outputs, one_output, &d->outputs, &d->n_outputs);
}

/* The fields below are all of minor 0, so a struct without them is none of ours. A later minor's are asked for one by
 * one. */
static int is_whole(const mpipe_processor *p, struct copying *c)
{
    if (MPIPE_HAS(p, extension))
        return 1;
    c->error = -EINVAL;
    snprintf(c->why, c->why_size,
             "a processor's struct_size is %u, and at least %zu is needed: start it with MPIPE_PROCESSOR",
             p->struct_size, offsetof(mpipe_processor, extension) + sizeof p->extension);
    return 0;
}

static int has_one_style(const mpipe_processor *p, struct copying *c)
{
    if (!p->process != !p->run)
        return 1;
    c->error = -EINVAL;
    snprintf(c->why, c->why_size, "processor '%s' has %s process and run: it must have one of them", c->processor,
             p->process ? "both" : "neither");
    return 0;
}

int describe_processor(const mpipe_plugin *plugin, const mpipe_processor *processor, struct processor_description **out,
                       char *why, size_t why_size)
{
    struct copying c = {.processor = "?", .why_size = why_size};
    c.why = why;
    if (!is_whole(processor, &c))
        return c.error;
    c.processor = processor->name ? processor->name : "?";
    if (!has_one_style(processor, &c))
        return c.error;
    struct processor_description *d = calloc(1, sizeof *d);
    if (!d) {
        no_memory(&c);
        return c.error;
    }
    d->pack = copy_text(&c, plugin->pack);
    d->version = copy_text(&c, plugin->version);
    d->abi_minor = plugin->abi_minor;
    d->name = copy_text(&c, processor->name);
    d->summary = copy_text(&c, processor->summary);
    d->example = copy_text(&c, processor->example);
    d->flags = processor->flags;
    d->state_size = processor->state_size;
    d->pull = processor->run != NULL;
    copy_options(&c, processor->options, d);
    copy_all_ports(&c, processor, d);
    d->needs = copy_texts(&c, processor->needs, VERIFY_NEEDS_MAX, "needs", &d->n_needs);
    if (c.error)
        description_destroy(&d);
    else
        *out = d;
    return c.error;
}
