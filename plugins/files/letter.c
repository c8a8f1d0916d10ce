/* SPDX-License-Identifier: Apache-2.0 */
#include "letter.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OPEN_LETTER = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK };

static json_t *read_json(int folder, const char *name, json_error_t *error)
{
    char file[LETTER_NAME_MAX + 8];
    snprintf(file, sizeof file, "%s.json", name);
    const int fd = openat(folder, file, OPEN_LETTER);
    if (fd < 0) {
        snprintf(error->text, sizeof error->text, "%s", strerror(errno));
        return NULL;
    }
    json_t *object = json_loadfd(fd, 0, error);
    close(fd);
    return object;
}

static const char *open_payload(int folder, struct letter *l)
{
    const char *file = json_string_value(json_object_get(l->object, "payload"));
    struct stat about;
    if (!file)
        return "it has no frame: a source refused a record";
    if (!*file || strchr(file, '/'))
        return "its payload is not in its folder";
    l->payload = openat(folder, file, OPEN_LETTER);
    if (l->payload < 0 || fstat(l->payload, &about))
        return strerror(errno);
    const json_int_t size = json_integer_value(json_object_get(l->object, "size"));
    if (!S_ISREG(about.st_mode) || about.st_size != size)
        return "its payload has another size than it says";
    l->size = (uint64_t)about.st_size;
    return NULL;
}

const char *letter_open(int folder, const char *name, struct letter *out, char *why, size_t why_size)
{
    json_error_t error;
    *out = (struct letter){.object = read_json(folder, name, &error), .payload = -1};
    const char *problem = !out->object                  ? error.text
                          : json_is_object(out->object) ? open_payload(folder, out)
                                                        : "it is no dead letter";
    if (!problem)
        return NULL;
    snprintf(why, why_size, "%s", problem);
    letter_close(out);
    return why;
}

void letter_close(struct letter *l)
{
    json_decref(l->object);
    if (l->payload >= 0)
        close(l->payload);
    *l = (struct letter){.payload = -1};
}

/* The bytes of hexadecimal digits, in place. How many; -1: they are none. */
static int64_t from_hex(char *text)
{
    size_t n = strlen(text);
    char *end;
    if (n % 2)
        return -1;
    for (size_t i = 0; i < n; i += 2) {
        const char pair[] = {text[i], text[i + 1], '\0'};
        text[i / 2] = (char)strtoul(pair, &end, 16);
        if (*end || pair[0] == '+' || pair[0] == '-' || pair[0] == ' ')
            return -1;
    }
    return (int64_t)(n / 2);
}

static mpipe_status set_hex(const mpipe_io *io, mpipe_frame **frame, const char *name, const json_t *digits)
{
    char *bytes = digits ? strdup(json_string_value(digits)) : NULL;
    if (!bytes)
        return MPIPE_NO_MEMORY;
    const int64_t n = from_hex(bytes);
    const mpipe_status status = n < 0 ? mpipe_fail(io, MPIPE_BAD_FRAME, "attribute \"%s\": no hexadecimal digits", name)
                                      : mpipe_set_attribute(io, frame, name, bytes, (uint64_t)n);
    free(bytes);
    return status;
}

static mpipe_status set_numbers(const mpipe_io *io, mpipe_frame **frame, const char *name, const json_t *list)
{
    const size_t n = json_array_size(list);
    uint64_t *numbers = calloc(n + 1, sizeof *numbers);
    if (!numbers)
        return MPIPE_NO_MEMORY;
    for (size_t i = 0; i < n; i++)
        numbers[i] = (uint64_t)json_integer_value(json_array_get(list, i));
    const mpipe_status status = mpipe_set_attribute(io, frame, name, numbers, n * sizeof *numbers);
    free(numbers);
    return status;
}

/* As the host wrote it: text as text, a shape as numbers, anything else as { "hex": digits }. */
static mpipe_status set_attribute(const mpipe_io *io, mpipe_frame **frame, const char *name, const json_t *value)
{
    const json_t *hex = json_object_get(value, "hex");
    if (json_is_string(value))
        return mpipe_set_attribute(io, frame, name, json_string_value(value), json_string_length(value));
    if (json_is_array(value))
        return set_numbers(io, frame, name, value);
    if (json_is_string(hex))
        return set_hex(io, frame, name, hex);
    return mpipe_fail(io, MPIPE_BAD_FRAME, "attribute \"%s\": neither text nor numbers nor bytes", name);
}

static uint64_t value_size(const json_t *value)
{
    const json_t *hex = json_object_get(value, "hex");
    return json_is_array(value)    ? json_array_size(value) * sizeof(uint64_t)
           : json_is_string(value) ? json_string_length(value)
                                   : json_string_length(hex) / 2;
}

uint64_t letter_room(const struct letter *l)
{
    const char *name;
    json_t *value;
    uint64_t room = MPIPE_TAIL_ROOM;
    json_object_foreach(json_object_get(l->object, "attributes"), name, value)
    {
        room += mpipe_attribute_room(name, value_size(value));
    }
    return room;
}

mpipe_status letter_address(const struct letter *l, const mpipe_io *io, mpipe_frame **frame)
{
    const char *name;
    json_t *value;
    mpipe_status status = MPIPE_OK;
    json_object_foreach(json_object_get(l->object, "attributes"), name, value)
    {
        status = set_attribute(io, frame, name, value);
        if (status != MPIPE_OK)
            return status;
    }
    (*frame)->sequence = (uint64_t)json_integer_value(json_object_get(l->object, "sequence"));
    (*frame)->key = (uint64_t)json_integer_value(json_object_get(l->object, "key"));
    (*frame)->time_ns = json_integer_value(json_object_get(l->object, "time_ns"));
    (*frame)->type = (uint32_t)json_integer_value(json_object_get(l->object, "type"));
    return MPIPE_OK;
}
