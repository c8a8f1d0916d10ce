#include "verify.h"

#include <errno.h>
#include <micropipe/option.h>
#include <micropipe/processor.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "utf8.h"
#include "value.h"

static const uint32_t must_understand =
    0xffff0000u; /* flags: an unknown bit in this half is refused, below it is ignored */

/* The processor in hand, and where to say what is wrong with it. */
struct verdict {
    const struct processor_description *d;
    char *why;
    size_t why_size;
};

__attribute__((format(printf, 2, 3))) static int refuse(const struct verdict *v, const char *format, ...)
{
    va_list args;
    int n = snprintf(v->why, v->why_size, "processor '%s': ", v->d->name);
    size_t used = n < 0 || (size_t)n >= v->why_size ? v->why_size - 1 : (size_t)n;
    va_start(args, format);
    vsnprintf(v->why + used, v->why_size - used, format, args);
    va_end(args);
    return -EINVAL;
}

int verify_is_name(const char *text)
{
    if (!text || text[0] < 'a' || text[0] > 'z')
        return 0;
    size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_");
    return text[length] == '\0' && length <= VERIFY_NAME_MAX;
}

/* Text that a terminal and a JSON reader can be given. */
static int is_text(const char *text)
{
    return text && *text && utf8_is_printable(text);
}

static int is_text_or_none(const char *text)
{
    return !text || utf8_is_printable(text);
}

/* -EINVAL if the text of a default or of a bound is not of the option's type, or not within [min, max]. */
static int verify_value(const struct verdict *v, const struct option_description *o, const char *what, const char *text)
{
    uint32_t type = o->type & ~(uint32_t)MPIPE_LIST;
    struct value value;
    struct value bound;
    int error = value_parse(type, text, &value);
    if (error)
        return refuse(v, "option '%s': %s '%s' is not %s%s", o->name, what, text, value_type_example(type),
                      error == -ERANGE ? ", within 64 bits" : "");
    if (o->min && value_parse(type, o->min, &bound) == 0 && value_compare(type, &value, &bound) < 0)
        return refuse(v, "option '%s': %s %s is below its min %s", o->name, what, text, o->min);
    if (o->max && value_parse(type, o->max, &bound) == 0 && value_compare(type, &value, &bound) > 0)
        return refuse(v, "option '%s': %s %s is above its max %s", o->name, what, text, o->max);
    return 0;
}

static int is_choice(const struct option_description *o, const char *text)
{
    for (uint32_t i = 0; i < o->n_choices; i++)
        if (strcmp(o->choices[i], text) == 0)
            return 1;
    return 0;
}

/* One value of the default: the whole of it, or an item of a list. */
static int verify_default_item(const struct verdict *v, const struct option_description *o, const char *text)
{
    if ((o->type & ~(uint32_t)MPIPE_LIST) == MPIPE_CHOICE && !is_choice(o, text))
        return refuse(v, "option '%s': its default '%s' is not one of its choices", o->name, text);
    return verify_value(v, o, "its default", text);
}

static int verify_default(const struct verdict *v, const struct option_description *o)
{
    char item[VERIFY_TEXT_MAX + 1];
    int error = 0;
    if (o->flags & MPIPE_REQUIRED)
        return o->fallback ? refuse(v, "option '%s' is MPIPE_REQUIRED, and has a default all the same", o->name) : 0;
    if (!o->fallback)
        return o->type == MPIPE_CHOICE ? refuse(v, "option '%s' has no default: name one of its choices", o->name) : 0;
    if (!(o->type & MPIPE_LIST))
        return verify_default_item(v, o, o->fallback);
    for (const char *at = o->fallback; *at && !error;) {
        at += strspn(at, " ,");
        size_t length = strcspn(at, ",");
        size_t kept = length;
        while (kept > 0 && at[kept - 1] == ' ')
            kept--;
        if (kept >= sizeof item)
            return refuse(v, "option '%s': its default is too long", o->name);
        memcpy(item, at, kept);
        item[kept] = '\0';
        error = kept ? verify_default_item(v, o, item) : 0;
        at += length;
    }
    return error;
}

static int verify_bounds(const struct verdict *v, const struct option_description *o)
{
    uint32_t type = o->type & ~(uint32_t)MPIPE_LIST;
    int has_bounds = type == MPIPE_INT || type == MPIPE_FLOAT || type == MPIPE_SIZE || type == MPIPE_TIME;
    if (!o->min && !o->max)
        return 0;
    if (!has_bounds)
        return refuse(v, "option '%s': a %s has no min and max", o->name, value_type_name(type));
    int error = o->min ? verify_value(v, o, "its min", o->min) : 0;
    return error || !o->max ? error : verify_value(v, o, "its max", o->max);
}

static int verify_choices(const struct verdict *v, const struct option_description *o)
{
    int wants = (o->type & ~(uint32_t)MPIPE_LIST) == MPIPE_CHOICE;
    if (wants != (o->n_choices > 0))
        return refuse(v, "option '%s' %s", o->name,
                      wants ? "is a choice without choices" : "has choices, but is not of type MPIPE_CHOICE");
    for (uint32_t i = 0; i < o->n_choices; i++) {
        if (!is_text(o->choices[i]))
            return refuse(v, "option '%s': choice %u is empty, or not UTF-8 text", o->name, i + 1);
        for (uint32_t j = 0; j < i; j++)
            if (strcmp(o->choices[i], o->choices[j]) == 0)
                return refuse(v, "option '%s' has the choice '%s' twice", o->name, o->choices[i]);
    }
    return 0;
}

static int verify_option(const struct verdict *v, uint32_t index)
{
    const struct option_description *o = &v->d->options[index];
    if (!verify_is_name(o->name))
        return refuse(v, "the name of option %u is not of the form [a-z][a-z0-9_]*", index + 1);
    for (uint32_t i = 0; i < index; i++)
        if (strcmp(v->d->options[i].name, o->name) == 0)
            return refuse(v, "it has two options named '%s'", o->name);
    if (!value_type_name(o->type) || o->type & ~(uint32_t)(MPIPE_LIST | 0xff))
        return refuse(v, "option '%s' is of type 0x%x, which this host does not know", o->name, o->type);
    if (o->flags & must_understand)
        return refuse(v, "option '%s' has the flags 0x%x, which this host does not know: upgrade micropipe", o->name,
                      o->flags & must_understand);
    if (!is_text(o->doc))
        return refuse(v, "option '%s' has no doc: one sentence of UTF-8 text", o->name);
    if (!is_text_or_none(o->unit) || !is_text_or_none(o->fallback) || !is_text_or_none(o->min) ||
        !is_text_or_none(o->max))
        return refuse(v, "option '%s': its unit, default, min or max is not UTF-8 text", o->name);
    int error = verify_choices(v, o);
    error = error ? error : verify_bounds(v, o);
    return error ? error : verify_default(v, o);
}

static int verify_ports(const struct verdict *v, const struct port_description *ports, uint32_t n, const char *what)
{
    for (uint32_t i = 0; i < n; i++) {
        if (!verify_is_name(ports[i].name))
            return refuse(v, "the name of %s port %u is not of the form [a-z][a-z0-9_]*", what, i + 1);
        for (uint32_t j = 0; j < i; j++)
            if (strcmp(ports[j].name, ports[i].name) == 0)
                return refuse(v, "it has two %s ports named '%s'", what, ports[i].name);
        if (!is_text(ports[i].doc))
            return refuse(v, "%s port '%s' has no doc: one sentence of UTF-8 text", what, ports[i].name);
        if (ports[i].flags & must_understand)
            return refuse(v, "%s port '%s' has the flags 0x%x, which this host does not know: upgrade micropipe", what,
                          ports[i].name, ports[i].flags & must_understand);
    }
    return 0;
}

static int verify_flags(const struct verdict *v)
{
    const struct processor_description *d = v->d;
    if (d->flags & must_understand)
        return refuse(v, "it has the flags 0x%x, which this host does not know and may not ignore: upgrade micropipe",
                      d->flags & must_understand);
    if (d->flags & MPIPE_SOURCE && d->n_inputs > 0)
        return refuse(v, "it is an MPIPE_SOURCE, and has input ports all the same");
    if (!(d->flags & MPIPE_SOURCE) && d->n_inputs == 0)
        return refuse(v, "it has no input port: it must be an MPIPE_SOURCE then");
    if (d->state_size > VERIFY_STATE_MAX)
        return refuse(v, "its state has %llu bytes: at most %d are possible", (unsigned long long)d->state_size,
                      VERIFY_STATE_MAX);
    return 0;
}

static int verify_texts(const struct verdict *v)
{
    const struct processor_description *d = v->d;
    if (!is_text(d->summary))
        return refuse(v, "it has no summary: one line of UTF-8 text");
    if (!is_text_or_none(d->example))
        return refuse(v, "its example is not UTF-8 text");
    for (uint32_t i = 0; i < d->n_needs; i++)
        if (!is_text(d->needs[i]))
            return refuse(v, "entry %u of its needs is empty, or not UTF-8 text", i + 1);
    return 0;
}

int verify_description(const struct processor_description *d, char *why, size_t why_size)
{
    const struct verdict v = {d, why, why_size};
    if (!verify_is_name(d->pack) || !is_text(d->version) || !verify_is_name(d->name)) {
        snprintf(why, why_size, "its %s",
                 !verify_is_name(d->pack) ? "pack name is not of the form [a-z][a-z0-9_]*"
                 : !is_text(d->version)   ? "version is empty, or not UTF-8 text"
                                          : "processor has a name not of the form [a-z][a-z0-9_]*");
        return -EINVAL;
    }
    int error = verify_flags(&v);
    error = error ? error : verify_texts(&v);
    error = error ? error : verify_ports(&v, d->inputs, d->n_inputs, "input");
    error = error ? error : verify_ports(&v, d->outputs, d->n_outputs, "output");
    for (uint32_t i = 0; i < d->n_options && !error; i++)
        error = verify_option(&v, i);
    return error;
}
