#include "letter.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "entries.h"

#define SUFFIX ".json"

enum { OPEN_LETTER = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK };

int letter_load(int folder, const char *name, char *why, size_t why_size, json_t **out)
{
    AUTO_FREE char *file = NULL;
    json_error_t error;
    if (strchr(name, '/')) {
        snprintf(why, why_size, "a letter's name has no slash");
        return -EINVAL;
    }
    if (asprintf(&file, "%s" SUFFIX, name) < 0) {
        file = NULL;
        return -ENOMEM;
    }
    AUTO_FD int fd = openat(folder, file, OPEN_LETTER);
    if (fd < 0) {
        int failure = -errno;
        snprintf(why, why_size, "%s", strerror(-failure));
        return failure;
    }
    errno = 0;
    json_t *letter = json_loadfd(fd, 0, &error);
    if (!letter && errno == ENOMEM) /* jansson may say that it is the text */
        return -ENOMEM;
    if (json_is_object(letter) && json_is_string(json_object_get(letter, "stage"))) {
        *out = letter;
        return 0;
    }
    snprintf(why, why_size, "%s", letter ? "it is no dead letter" : error.text);
    json_decref(letter);
    return -EINVAL;
}

/* Up to `size` bytes of a file; how many, or -1. */
static ssize_t read_up_to(int fd, uint8_t *bytes, size_t size)
{
    size_t at = 0;
    ssize_t n = 1;
    while (n > 0 && at < size) {
        n = read(fd, bytes + at, size - at);
        at += n > 0 ? (size_t)n : 0;
    }
    return n < 0 ? -1 : (ssize_t)at;
}

uint8_t *letter_payload(int folder, const json_t *letter, size_t most, size_t *size)
{
    const char *file = json_string_value(json_object_get(letter, "payload"));
    struct stat s;
    if (!file || strchr(file, '/')) {
        errno = EINVAL;
        return NULL;
    }
    AUTO_FD int fd = openat(folder, file, OPEN_LETTER);
    if (fd < 0 || fstat(fd, &s) != 0)
        return NULL;
    size_t wanted = (uint64_t)s.st_size < most ? (size_t)s.st_size : most;
    uint8_t *bytes = malloc(wanted + 1); /* never of none: that may be NULL */
    ssize_t n = bytes ? read_up_to(fd, bytes, wanted) : -1;
    if (n < 0) {
        free(bytes);
        return NULL;
    }
    *size = (size_t)n;
    return bytes;
}

static char *text_of(const json_t *letter, const char *key)
{
    const json_t *value = json_object_get(letter, key);
    const char *text = json_string_value(value);
    const char *hex = json_string_value(json_object_get(value, "hex"));
    return strdup(text ? text : hex ? hex : "");
}

static uint64_t number_of(const json_t *letter, const char *key)
{
    return (uint64_t)json_integer_value(json_object_get(letter, key));
}

static void release(struct letter *l)
{
    free(l->name);
    free(l->problem);
    free(l->stage);
    free(l->port);
    free(l->reason);
    free(l->signal);
}

void letters_clear(struct letter_list *l)
{
    for (size_t i = 0; i < l->n; i++)
        release(&l->letters[i]);
    free(l->letters);
    *l = (struct letter_list){0};
}

static int is_named(const struct letter *l, char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(l->name, names[i]) == 0)
            return 1;
    return 0;
}

const char *letters_keep(struct letter_list *l, char *const *names, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < l->n && n > 0; i++)
        if (is_named(&l->letters[i], names, n))
            l->letters[kept++] = l->letters[i];
        else
            release(&l->letters[i]);
    if (n > 0)
        l->n = kept;
    for (size_t i = 0; i < n; i++) {
        size_t at = 0;
        while (at < l->n && strcmp(l->letters[at].name, names[i]) != 0)
            at++;
        if (at == l->n)
            return names[i];
    }
    return NULL;
}

/* 0 or -ENOMEM; then it is to be released all the same. */
static int read_letter(int folder, const char *name, size_t length, struct letter *out)
{
    char why[JSON_ERROR_TEXT_LENGTH] = "";
    *out = (struct letter){.name = strndup(name, length)};
    if (!out->name)
        return -ENOMEM;
    json_t *letter;
    int error = letter_load(folder, out->name, why, sizeof why, &letter);
    if (error == -ENOMEM)
        return error;
    if (error) {
        out->problem = strdup(why);
        return out->problem ? 0 : -ENOMEM;
    }
    out->stage = text_of(letter, "stage");
    out->port = text_of(letter, "port");
    out->reason = text_of(letter, "reason");
    out->signal = text_of(letter, "signal");
    out->run = number_of(letter, "run");
    out->position = number_of(letter, "position");
    out->attempts = number_of(letter, "attempts");
    out->sequence = number_of(letter, "sequence");
    out->size = number_of(letter, "size");
    out->has_frame = json_is_string(json_object_get(letter, "payload"));
    json_decref(letter);
    return out->stage && out->port && out->reason && out->signal ? 0 : -ENOMEM;
}

static int add(struct letter_list *l, const struct letter *letter)
{
    if (l->n == l->room) {
        size_t room = l->room ? l->room * 2 : 64;
        struct letter *letters = reallocarray(l->letters, room, sizeof *letters);
        if (!letters)
            return -ENOMEM;
        l->letters = letters;
        l->room = room;
    }
    l->letters[l->n++] = *letter;
    return 0;
}

static int order_of(uint64_t a, uint64_t b)
{
    return a < b ? -1 : a > b;
}

static int compare(const void *left, const void *right)
{
    const struct letter *a = left, *b = right;
    int order = order_of(a->run, b->run);
    if (!order)
        order = strcmp(a->stage ? a->stage : "", b->stage ? b->stage : "");
    if (!order)
        order = order_of(a->position, b->position);
    return order ? order : strcmp(a->name, b->name); /* a source's positions are by worker */
}

static int is_letter(const char *file, size_t *length)
{
    size_t n = strlen(file), suffix = strlen(SUFFIX);
    *length = n - suffix;
    return file[0] != '.' && n > suffix && strcmp(file + n - suffix, SUFFIX) == 0;
}

struct search {
    const char *stage;
    struct letter_list *found;
};

static int add_if_wanted(void *context, int folder, const char *file)
{
    const struct search *search = context;
    struct letter letter;
    size_t length;
    if (!is_letter(file, &length))
        return 0;
    int error = read_letter(folder, file, length, &letter);
    int wanted = !error && (!search->stage || letter.problem || strcmp(letter.stage, search->stage) == 0);
    if (wanted)
        error = add(search->found, &letter);
    if (error || !wanted)
        release(&letter);
    return error;
}

int letters_list(int folder, const char *stage, struct letter_list *out)
{
    struct search search = {stage, out};
    *out = (struct letter_list){0};
    int error = entries_visit(folder, add_if_wanted, &search);
    if (error)
        letters_clear(out);
    else if (out->n)
        qsort(out->letters, out->n, sizeof *out->letters, compare);
    return error;
}
