#include "wire.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verify.h"

static const uint32_t no_text = UINT32_MAX; /* length of a text that is NULL */

/* Written and read by the same functions, so the two cannot differ. The first error stays; all after it does nothing.
 */
struct wire {
    enum { WIRE_WRITE, WIRE_READ } mode;
    uint8_t *bytes;      /* write: grows, ours */
    const uint8_t *from; /* read: the caller's */
    size_t at, size;     /* read or written so far; size of bytes, or of from */
    int error;
};

static int make_room(struct wire *w, size_t more)
{
    if (w->size - w->at >= more)
        return 1;
    size_t size = 2 * w->size + more;
    uint8_t *bytes = realloc(w->bytes, size);
    if (!bytes) {
        w->error = -ENOMEM;
        return 0;
    }
    w->bytes = bytes;
    w->size = size;
    return 1;
}

static void carry_bytes(struct wire *w, void *bytes, size_t size)
{
    if (w->error)
        return;
    if (w->mode == WIRE_WRITE) {
        if (!make_room(w, size))
            return;
        memcpy(w->bytes + w->at, bytes, size);
    } else {
        if (w->size - w->at < size) {
            w->error = -EINVAL;
            return;
        }
        memcpy(bytes, w->from + w->at, size);
    }
    w->at += size;
}

static void carry_u32(struct wire *w, uint32_t *value)
{
    carry_bytes(w, value, sizeof *value);
}

static void carry_u64(struct wire *w, uint64_t *value)
{
    carry_bytes(w, value, sizeof *value);
}

static void read_text(struct wire *w, char **text, uint32_t length)
{
    if (length > VERIFY_TEXT_MAX || w->size - w->at < length) {
        w->error = -EINVAL;
        return;
    }
    *text = malloc((size_t)length + 1);
    if (!*text) {
        w->error = -ENOMEM;
        return;
    }
    carry_bytes(w, *text, length);
    (*text)[length] = '\0';
    if (strlen(*text) != length)
        w->error = -EINVAL;
}

static void carry_text(struct wire *w, char **text)
{
    uint32_t length = *text ? (uint32_t)strlen(*text) : no_text;
    carry_u32(w, &length);
    if (w->error || length == no_text)
        return;
    if (w->mode == WIRE_WRITE)
        carry_bytes(w, *text, length);
    else
        read_text(w, text, length);
}

/* The count of `array`. Returns the array; when reading a new one of that many zeroed elements, of at most `most`.
 * *n stays 0 without the array. */
static void *carry_array(struct wire *w, void *array, uint32_t *n, uint32_t most, size_t element)
{
    uint32_t count = *n;
    carry_u32(w, &count);
    if (w->error || w->mode == WIRE_WRITE || count == 0)
        return array;
    array = count <= most ? calloc(count, element) : NULL;
    if (array)
        *n = count;
    else
        w->error = count > most ? -EINVAL : -ENOMEM;
    return array;
}

static void carry_texts(struct wire *w, char ***texts, uint32_t *n, uint32_t most)
{
    *texts = carry_array(w, *texts, n, most, sizeof **texts);
    for (uint32_t i = 0; i < *n && !w->error; i++)
        carry_text(w, &(*texts)[i]);
}

static void carry_option(struct wire *w, struct option_description *o)
{
    carry_text(w, &o->name);
    carry_u32(w, &o->type);
    carry_u32(w, &o->flags);
    carry_text(w, &o->fallback);
    carry_text(w, &o->min);
    carry_text(w, &o->max);
    carry_text(w, &o->unit);
    carry_texts(w, &o->choices, &o->n_choices, VERIFY_CHOICES_MAX);
    carry_text(w, &o->doc);
}

static void carry_ports(struct wire *w, struct port_description **ports, uint32_t *n)
{
    *ports = carry_array(w, *ports, n, VERIFY_PORTS_MAX, sizeof **ports);
    for (uint32_t i = 0; i < *n && !w->error; i++) {
        struct port_description *p = &(*ports)[i];
        carry_text(w, &p->name);
        carry_text(w, &p->doc);
        carry_u32(w, &p->type);
        carry_u32(w, &p->flags);
    }
}

static void carry_processor(struct wire *w, struct processor_description *d)
{
    uint32_t pull = d->pull != 0;
    carry_text(w, &d->pack);
    carry_text(w, &d->name);
    carry_text(w, &d->version);
    carry_text(w, &d->summary);
    carry_text(w, &d->example);
    carry_u32(w, &d->flags);
    carry_u32(w, &d->abi_minor);
    carry_u64(w, &d->state_size);
    carry_u32(w, &pull);
    d->pull = pull != 0;
    d->options = carry_array(w, d->options, &d->n_options, VERIFY_OPTIONS_MAX, sizeof *d->options);
    for (uint32_t i = 0; i < d->n_options && !w->error; i++)
        carry_option(w, &d->options[i]);
    carry_ports(w, &d->inputs, &d->n_inputs);
    carry_ports(w, &d->outputs, &d->n_outputs);
    carry_texts(w, &d->needs, &d->n_needs, VERIFY_NEEDS_MAX);
}

int wire_encode(struct processor_description *const *list, uint32_t n, uint8_t **bytes, size_t *size)
{
    struct wire w = {.mode = WIRE_WRITE};
    carry_u32(&w, &n);
    for (uint32_t i = 0; i < n; i++)
        carry_processor(&w, list[i]);
    if (w.error) {
        free(w.bytes);
        return w.error;
    }
    *bytes = w.bytes;
    *size = w.at;
    return 0;
}

/* What the child says is only believed if it makes sense, and all of it is of one pack. */
static int read_processor(struct wire *w, struct processor_description *d, const struct processor_description *first,
                          char *why, size_t why_size)
{
    carry_processor(w, d);
    if (w->error)
        return w->error;
    int error = verify_description(d, why, why_size);
    if (!error && strcmp(d->pack, first->pack) != 0) {
        snprintf(why, why_size, "the description that it sent is of two packs");
        error = -EINVAL;
    }
    return error;
}

int wire_decode(const uint8_t *bytes, size_t size, struct processor_description ***list, uint32_t *n, char *why,
                size_t why_size)
{
    struct wire w = {.mode = WIRE_READ, .from = bytes, .size = size};
    uint32_t count = 0;
    snprintf(why, why_size, "the description that it sent is garbage");
    struct processor_description **all = carry_array(&w, NULL, &count, VERIFY_PROCESSORS_MAX, sizeof(void *));
    int error = w.error;
    for (uint32_t i = 0; i < count && !error; i++) {
        all[i] = calloc(1, sizeof *all[i]);
        error = all[i] ? read_processor(&w, all[i], all[0], why, why_size) : -ENOMEM;
    }
    if (!error && (w.at != size || count == 0))
        error = -EINVAL;
    if (error) {
        for (uint32_t i = 0; i < count; i++)
            description_destroy(&all[i]);
        free(all);
        return error;
    }
    *list = all;
    *n = count;
    return 0;
}
