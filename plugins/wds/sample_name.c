/* SPDX-License-Identifier: Apache-2.0 */
#include "sample_name.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* A piece of text that is not NUL-terminated. */
struct text {
    const char *bytes; /* NULL: there is none */
    size_t size;
};

static struct text attribute(const mpipe_io *io, const mpipe_frame *frame, const char *name)
{
    const void *value;
    uint64_t size;
    if (mpipe_attribute(io, frame, name, &value, &size) != MPIPE_OK)
        return (struct text){NULL, 0};
    return (struct text){size ? value : "", size};
}

static struct text base_of(struct text path)
{
    const char *slash = memrchr(path.bytes, '/', path.size);
    const size_t folder = slash ? (size_t)(slash - path.bytes) + 1 : 0;
    return (struct text){path.bytes + folder, path.size - folder};
}

/* Behind the last dot of a base name, unless that is its first letter. */
static struct text suffix_of(struct text base)
{
    const char *dot = memrchr(base.bytes, '.', base.size);
    if (!dot || dot == base.bytes)
        return (struct text){base.bytes + base.size, 0};
    return (struct text){dot + 1, (size_t)(base.bytes + base.size - dot) - 1};
}

size_t sample_name_key_length(const char *member)
{
    const char *slash = strrchr(member, '/');
    const char *base = slash ? slash + 1 : member;
    return (size_t)(base - member) + strcspn(base, ".");
}

const char *sample_suffix_problem(const char *suffix)
{
    const size_t length = strlen(suffix);
    if (length >= SAMPLE_SUFFIX_MAX)
        return "it is too long";
    for (size_t i = 0; i < length; i++) {
        const unsigned char c = (unsigned char)suffix[i];
        const bool dot = c == '.' && i > 0 && i + 1 < length;
        if (!islower(c) && !isdigit(c) && c != '_' && c != '-' && !dot)
            return "it may have small letters, digits, _, - and inner dots only";
    }
    return NULL;
}

static const char *path_problem(struct text path)
{
    if (!path.size)
        return "is empty";
    if (memchr(path.bytes, '\0', path.size))
        return "has a NUL in it";
    for (size_t i = 0; i <= path.size; i++) {
        const char *slash = memchr(path.bytes + i, '/', path.size - i);
        const size_t length = slash ? (size_t)(slash - path.bytes) - i : path.size - i;
        const char *part = path.bytes + i;
        if (!length || (length <= 2 && part[0] == '.' && part[length - 1] == '.'))
            return "is absolute, or a part of it is empty, \".\" or \"..\"";
        i += length;
    }
    return NULL;
}

/* The base name without its suffix; dots, and the percent sign that replaces them, are written as in a URL. */
static size_t escape(struct text stem, char *to, size_t room)
{
    size_t used = 0;
    for (size_t i = 0; i < stem.size; i++) {
        const char c = stem.bytes[i];
        const bool special = c == '.' || c == '%';
        if (used + 4 > room)
            return room;
        if (special)
            used += (size_t)snprintf(to + used, room - used, "%%%02X", (unsigned)c);
        else
            to[used++] = c;
    }
    to[used] = '\0';
    return used;
}

static mpipe_status key_from_path(const mpipe_io *io, const mpipe_frame *frame, struct text path,
                                  struct sample_name *out)
{
    const char *problem = path_problem(path);
    if (problem)
        return mpipe_fail(io, MPIPE_BAD_FRAME, "frame %" PRIu64 ": its path \"%.*s\" %s", frame->sequence,
                          (int)(path.size < 200 ? path.size : 200), path.bytes, problem);
    struct text stem = base_of(path);
    const size_t folder = path.size - stem.size;
    const size_t suffix = suffix_of(stem).size;
    stem.size -= suffix ? suffix + 1 : 0;
    if (folder < sizeof out->key) {
        memcpy(out->key, path.bytes, folder);
        if (escape(stem, out->key + folder, sizeof out->key - folder) < sizeof out->key - folder)
            return MPIPE_OK;
    }
    return mpipe_fail(io, MPIPE_BAD_FRAME, "frame %" PRIu64 ": its path is too long for a shard", frame->sequence);
}

static mpipe_status make_key(const mpipe_io *io, const mpipe_frame *frame, enum sample_key kind,
                             struct sample_name *out)
{
    const struct text path = attribute(io, frame, MPIPE_ATTR_PATH);
    if (path.bytes && (kind == SAMPLE_KEY_AUTO || kind == SAMPLE_KEY_PATH))
        return key_from_path(io, frame, path, out);
    if (kind == SAMPLE_KEY_PATH)
        return mpipe_fail(io, MPIPE_BAD_FRAME,
                          "frame %" PRIu64
                          ": it has no attribute \"path\" to name a sample after; set key = \"sequence\"",
                          frame->sequence);
    if (kind == SAMPLE_KEY_NUMBER)
        snprintf(out->key, sizeof out->key, "%016" PRIx64, frame->key);
    else
        snprintf(out->key, sizeof out->key, "%09" PRIu64, frame->sequence);
    return MPIPE_OK;
}

static struct text default_suffix(const mpipe_io *io, const mpipe_frame *frame)
{
    const struct text format = attribute(io, frame, MPIPE_ATTR_FORMAT);
    const struct text path = attribute(io, frame, MPIPE_ATTR_PATH);
    if (format.size)
        return format.size == 4 && !memcmp(format.bytes, "jpeg", 4) ? (struct text){"jpg", 3} : format;
    if (path.size && suffix_of(base_of(path)).size)
        return suffix_of(base_of(path));
    return (struct text){frame->type == MPIPE_TEXT ? "txt" : "bin", 3};
}

static mpipe_status make_suffix(const mpipe_io *io, const mpipe_frame *frame, const char *wanted,
                                struct sample_name *out)
{
    if (!*wanted && frame->type == MPIPE_IMAGE)
        return mpipe_fail(io, MPIPE_BAD_FRAME,
                          "frame %" PRIu64 ": raw pixels are no sample; put image.encode before, or set ext",
                          frame->sequence);
    const struct text suffix = *wanted ? (struct text){wanted, strlen(wanted)} : default_suffix(io, frame);
    const size_t length = suffix.size < sizeof out->suffix ? suffix.size : sizeof out->suffix - 1;
    for (size_t i = 0; i < length; i++)
        out->suffix[i] = (char)tolower((unsigned char)suffix.bytes[i]);
    out->suffix[length] = '\0';
    const char *problem = length < suffix.size ? "it is too long" : sample_suffix_problem(out->suffix);
    if (problem || strlen(out->suffix) != length)
        return mpipe_fail(io, MPIPE_BAD_FRAME, "frame %" PRIu64 ": \"%.60s\" cannot end a member's name: %s; set ext",
                          frame->sequence, out->suffix, problem ? problem : "there is a NUL in it");
    return MPIPE_OK;
}

mpipe_status sample_name_make(const mpipe_io *io, const mpipe_frame *frame, enum sample_key kind, const char *suffix,
                              struct sample_name *out)
{
    const mpipe_status status = make_key(io, frame, kind, out);
    return status == MPIPE_OK ? make_suffix(io, frame, suffix, out) : status;
}
