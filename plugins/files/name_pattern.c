/* SPDX-License-Identifier: Apache-2.0 */
#include "name_pattern.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file_name.h"

struct piece {
    bool is_field;
    char *text; /* literal text, or the field's name */
};

struct name_pattern {
    struct piece *pieces;
    size_t n;
};

/* A name while it is put together. */
struct name_buffer {
    char *bytes;
    size_t size, used; /* used is below size, unless it overflowed */
};

void name_pattern_destroy(struct name_pattern **p)
{
    if (!*p)
        return;
    for (size_t i = 0; i < (*p)->n; i++)
        free((*p)->pieces[i].text);
    free((*p)->pieces);
    free(*p);
    *p = NULL;
}

static int add_piece(struct name_pattern *p, const char *text, size_t size, bool is_field)
{
    if (!size && !is_field)
        return 0;
    char *copy = strndup(text, size);
    if (!copy)
        return -ENOMEM;
    p->pieces[p->n++] = (struct piece){is_field, copy};
    return 0;
}

/* What starts at a brace. Returns how many characters it took, or -errno. */
static int add_braced(struct name_pattern *p, const char *text, const char **why)
{
    if (text[0] == text[1])
        return add_piece(p, text, 1, false) ? -ENOMEM : 2;
    if (text[0] == '}') {
        *why = "a \"}\" without a \"{\"; write }} for a brace";
        return -EINVAL;
    }
    const size_t length = strcspn(text + 1, "{}");
    if (text[1 + length] != '}' || !length) {
        *why = length ? "a \"{\" without a \"}\"; write {{ for a brace" : "an empty {}";
        return -EINVAL;
    }
    return add_piece(p, text + 1, length, true) ? -ENOMEM : (int)length + 2;
}

static int parse(struct name_pattern *p, const char *text, const char **why)
{
    while (*text) {
        const size_t literal = strcspn(text, "{}");
        if (add_piece(p, text, literal, false))
            return -ENOMEM;
        text += literal;
        if (!*text)
            break;
        const int took = add_braced(p, text, why);
        if (took < 0)
            return took;
        text += took;
    }
    if (p->n)
        return 0;
    *why = "it is empty";
    return -EINVAL;
}

int name_pattern_create(const char *text, struct name_pattern **out, const char **why)
{
    struct name_pattern *p = calloc(1, sizeof *p);
    if (!p)
        return -ENOMEM;
    p->pieces = calloc(strlen(text) + 1, sizeof *p->pieces); /* a piece takes a character at least */
    const int error = p->pieces ? parse(p, text, why) : -ENOMEM;
    if (error)
        name_pattern_destroy(&p);
    *out = p;
    return error;
}

static void append(struct name_buffer *b, const char *bytes, size_t n)
{
    if (b->used + n < b->size)
        memcpy(b->bytes + b->used, bytes, n);
    b->used += n;
}

static struct text attribute(const mpipe_io *io, const mpipe_frame *frame, const char *name)
{
    const void *value;
    uint64_t size;
    if (mpipe_attribute(io, frame, name, &value, &size) != MPIPE_OK)
        return (struct text){NULL, 0};
    return (struct text){value ? value : "", size};
}

static mpipe_status append_attribute(struct name_buffer *b, const mpipe_io *io, const mpipe_frame *frame,
                                     const char *name)
{
    const struct text value = attribute(io, frame, name);
    if (!value.bytes)
        return mpipe_fail(io, MPIPE_BAD_FRAME,
                          "frame %" PRIu64
                          ": it has no attribute \"%s\" to name its file after; set name, as \"{sequence}\"",
                          frame->sequence, name);
    append(b, value.bytes, value.size);
    return MPIPE_OK;
}

static struct text suffix_for_format(struct text format)
{
    static const char jpeg[] = "jpeg";
    if (format.size == strlen(jpeg) && !memcmp(format.bytes, jpeg, format.size))
        return (struct text){"jpg", 3};
    return format;
}

static mpipe_status append_part_of_path(struct name_buffer *b, const mpipe_io *io, const mpipe_frame *frame,
                                        struct text (*part)(struct text path))
{
    const struct text path = attribute(io, frame, MPIPE_ATTR_PATH);
    if (!path.bytes)
        return append_attribute(b, io, frame, MPIPE_ATTR_PATH);
    const struct text found = part(path);
    append(b, found.bytes, found.size);
    return MPIPE_OK;
}

static mpipe_status append_field(struct name_buffer *b, const mpipe_io *io, const mpipe_frame *frame, const char *field)
{
    static const struct {
        const char *name;
        struct text (*part)(struct text path);
    } parts[] = {
        {"dir", file_name_folder}, {"name", file_name_base}, {"stem", file_name_stem}, {"ext", file_name_suffix}};
    char number[32];
    if (!strcmp(field, "sequence") || !strcmp(field, "key")) {
        const int length = *field == 's' ? snprintf(number, sizeof number, "%09" PRIu64, frame->sequence)
                                         : snprintf(number, sizeof number, "%016" PRIx64, frame->key);
        append(b, number, (size_t)length);
        return MPIPE_OK;
    }
    const struct text format = attribute(io, frame, MPIPE_ATTR_FORMAT);
    if (!strcmp(field, "ext") && format.size) {
        const struct text suffix = suffix_for_format(format);
        append(b, suffix.bytes, suffix.size);
        return MPIPE_OK;
    }
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (!strcmp(field, parts[i].name))
            return append_part_of_path(b, io, frame, parts[i].part);
    }
    return append_attribute(b, io, frame, field);
}

mpipe_status name_pattern_expand(const struct name_pattern *p, const mpipe_io *io, const mpipe_frame *frame, char *name,
                                 size_t size)
{
    struct name_buffer b = {name, size, 0};
    for (size_t i = 0; i < p->n; i++) {
        const struct piece *piece = &p->pieces[i];
        mpipe_status status = MPIPE_OK;
        if (piece->is_field)
            status = append_field(&b, io, frame, piece->text);
        else
            append(&b, piece->text, strlen(piece->text));
        if (status != MPIPE_OK)
            return status;
    }
    if (b.used >= size)
        return mpipe_fail(io, MPIPE_BAD_FRAME, "frame %" PRIu64 ": the name of its file has %zu bytes, more than %zu",
                          frame->sequence, b.used, size - 1);
    name[b.used] = '\0';
    const char *problem = strlen(name) == b.used ? file_name_problem(name) : "there is a NUL in it";
    if (problem)
        return mpipe_fail(io, MPIPE_BAD_FRAME, "frame %" PRIu64 ": the name of its file would be \"%.200s\": %s",
                          frame->sequence, name, problem);
    return MPIPE_OK;
}
