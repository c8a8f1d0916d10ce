#include "letter.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"

#define SUFFIX ".json"

enum { OPEN_LETTER = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK };

json_t *letter_load(int folder, const char *name, char *why, size_t why_size)
{
    AUTO_FREE char *file = NULL;
    json_error_t error = {.text = "there is no memory"};
    if (asprintf(&file, "%s" SUFFIX, name) < 0)
        file = NULL;
    AUTO_FD int fd = file && !strchr(name, '/') ? openat(folder, file, OPEN_LETTER) : -1;
    if (fd < 0) {
        snprintf(why, why_size, "%s", file && strchr(name, '/') ? "a letter's name has no slash" : strerror(errno));
        return NULL;
    }
    json_t *letter = json_loadfd(fd, 0, &error);
    if (json_is_object(letter) && json_is_string(json_object_get(letter, "stage")))
        return letter;
    snprintf(why, why_size, "%s", letter ? "it is no dead letter" : error.text);
    json_decref(letter);
    return NULL;
}

uint8_t *letter_payload(int folder, const json_t *letter, size_t most, size_t *size)
{
    const char *file = json_string_value(json_object_get(letter, "payload"));
    AUTO_FD int fd = file && !strchr(file, '/') ? openat(folder, file, OPEN_LETTER) : -1;
    if (file && strchr(file, '/'))
        errno = EINVAL;
    uint8_t *bytes = fd < 0 ? NULL : malloc(most + 1);
    ssize_t n = 1;
    for (*size = 0; bytes && n > 0 && *size<most; *size += n> 0 ? (size_t)n : 0)
        n = read(fd, bytes + *size, most - *size);
    if (n >= 0)
        return bytes;
    free(bytes);
    return NULL;
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
    json_t *letter = letter_load(folder, out->name, why, sizeof why);
    if (!letter) {
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

int letters_list(int folder, const char *stage, struct letter_list *out)
{
    int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = copy < 0 ? NULL : fdopendir(copy);
    int error = entries ? 0 : -errno;
    *out = (struct letter_list){0};
    for (const struct dirent *e; entries && !error && (e = readdir(entries));) {
        struct letter letter;
        size_t length;
        if (!is_letter(e->d_name, &length))
            continue;
        error = read_letter(folder, e->d_name, length, &letter);
        int wanted = !error && (!stage || letter.problem || strcmp(letter.stage, stage) == 0);
        if (wanted)
            error = add(out, &letter);
        if (error || !wanted)
            release(&letter);
    }
    if (entries)
        closedir(entries);
    else if (copy >= 0)
        close(copy);
    if (error)
        letters_clear(out);
    else if (out->n)
        qsort(out->letters, out->n, sizeof *out->letters, compare);
    return error;
}
