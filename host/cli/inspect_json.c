#include "inspect_json.h"

#include <errno.h>
#include <micropipe/option.h>
#include <micropipe/version.h>
#include <string.h>

#include "arguments.h"
#include "inspect_words.h"
#include "json_text.h"
#include "value.h"

/* NULL means that memory ran out somewhere below; all that is here hands that on. */

/* Takes the value. An array that cannot take it is given up: it becomes NULL. */
static void push(json_t **array, json_t *value)
{
    if (!*array) {
        json_decref(value);
    } else if (json_array_append_new(*array, value) != 0) {
        json_decref(*array);
        *array = NULL;
    }
}

static json_t *texts_json(char *const *texts, uint32_t n)
{
    json_t *array = json_array();
    for (uint32_t i = 0; i < n; i++)
        push(&array, json_string(texts[i]));
    return array;
}

static json_t *option_json(const struct option_description *o)
{
    return json_pack("{s:s, s:s, s:b, s:b, s:b, s:b, s:b, s:s?, s:s?, s:s?, s:s?, s:o, s:s}", "name", o->name, "type",
                     value_type_name(o->type & ~(uint32_t)MPIPE_LIST), "list", (o->type & MPIPE_LIST) != 0, "required",
                     (o->flags & MPIPE_REQUIRED) != 0, "secret", (o->flags & MPIPE_SECRET) != 0, "deprecated",
                     (o->flags & MPIPE_DEPRECATED) != 0, "must_exist", (o->flags & MPIPE_MUST_EXIST) != 0, "default",
                     o->fallback, "min", o->min, "max", o->max, "unit", o->unit, "choices",
                     texts_json(o->choices, o->n_choices), "doc", o->doc);
}

static json_t *port_json(const struct port_description *p)
{
    char type[16];
    return json_pack("{s:s, s:s, s:b, s:s}", "name", p->name, "type", inspect_frame_type(p->type, type, sizeof type),
                     "optional", (p->flags & MPIPE_PORT_OPTIONAL) != 0, "doc", p->doc);
}

static json_t *options_json(const struct processor_description *d)
{
    json_t *array = json_array();
    for (uint32_t i = 0; i < d->n_options; i++)
        push(&array, option_json(&d->options[i]));
    return array;
}

static json_t *ports_json(const struct port_description *ports, uint32_t n)
{
    json_t *array = json_array();
    for (uint32_t i = 0; i < n; i++)
        push(&array, port_json(&ports[i]));
    return array;
}

static json_t *flags_json(const struct processor_description *d)
{
    json_t *array = json_array();
    for (const struct flag_words *f = inspect_flags(); f->flag; f++)
        if (d->flags & f->flag)
            push(&array, json_string(f->name));
    return array;
}

static json_t *processor_json(const struct processor_description *d)
{
    char interface[32];
    snprintf(interface, sizeof interface, "%u.%u", MPIPE_ABI_MAJOR, d->abi_minor);
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:I, s:o, s:o, s:o, s:o, s:s?, s:s}", "pack",
                     d->pack, "name", d->name, "version", d->version, "interface", interface, "summary", d->summary,
                     "kind", inspect_kind(d), "style", d->pull ? "pull" : "push", "file", d->file, "flags",
                     flags_json(d), "state_size", (json_int_t)d->state_size, "options", options_json(d), "inputs",
                     ports_json(d->inputs, d->n_inputs), "outputs", ports_json(d->outputs, d->n_outputs), "needs",
                     texts_json(d->needs, d->n_needs), "example", d->example, "pack_dir", d->pack_dir);
}

static json_t *problems_json(const struct catalogue *c)
{
    json_t *array = json_array();
    const struct catalogue_problem *p;
    for (size_t i = 0; (p = catalogue_problem_at(c, i)); i++)
        push(&array, json_pack("{s:s, s:s}", "file", p->file, "reason", p->reason));
    return array;
}

/* Takes the value. */
static int print_json(json_t *value, FILE *out)
{
    return json_print(value, out) == -ENOMEM ? EXIT_SYSTEM : EXIT_OK;
}

int inspect_json_processor(const struct processor_description *d, FILE *out)
{
    return print_json(processor_json(d), out);
}

int inspect_json_pack(struct processor_description *const *list, size_t n, FILE *out)
{
    json_t *array = json_array();
    for (size_t i = 0; i < n; i++)
        push(&array, processor_json(list[i]));
    return print_json(json_pack("{s:o}", "processors", array), out);
}

int inspect_json_all(const struct catalogue *c, FILE *out)
{
    json_t *array = json_array();
    const struct processor_description *d;
    for (size_t i = 0; (d = catalogue_at(c, i)); i++)
        push(&array, processor_json(d));
    return print_json(json_pack("{s:o, s:o}", "processors", array, "problems", problems_json(c)), out);
}

int inspect_json_problems(const struct catalogue *c, FILE *out)
{
    return print_json(json_pack("{s:o}", "problems", problems_json(c)), out);
}
