#include "inputs.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static mpipe_status complain(const mpipe_host *host, const char *what, const char *path, const char *why)
{
    mpipe_log(host, MPIPE_LOG_ERROR, "option 'path': %s '%s': %s", what, path, why);
    return MPIPE_BAD_CONFIG;
}

/* FNV-1a, 64 bits. */
static uint64_t id_of(const char *path)
{
    uint64_t hash = 14695981039346656037ull;
    for (; *path; path++)
        hash = (hash ^ (uint8_t)*path) * 1099511628211ull;
    return hash;
}

/* `folder`: bytes of the path that are not of the name. */
static mpipe_status add(struct inputs *inputs, const char *path, size_t folder, uint64_t size)
{
    struct input *list = realloc(inputs->list, (inputs->n + 1) * sizeof *list);
    if (!list)
        return MPIPE_NO_MEMORY;
    inputs->list = list;
    char *copy = strdup(path);
    if (!copy)
        return MPIPE_NO_MEMORY;
    list[inputs->n++] = (struct input){.path = copy, .name = copy + folder, .id = id_of(path), .before = inputs->total};
    inputs->total += size;
    return MPIPE_OK;
}

static mpipe_status add_stdin(const mpipe_host *host, struct inputs *inputs)
{
    struct stat info;
    if (fstat(STDIN_FILENO, &info) != 0)
        return complain(host, "cannot read", "-", strerror(errno));
    if (!S_ISREG(info.st_mode)) {
        int error = spool_create(STDIN_FILENO, &inputs->spool);
        return error ? complain(host, "cannot set up a spool for", "-", strerror(-error)) : add(inputs, "-", 0, 0);
    }
    off_t base = lseek(STDIN_FILENO, 0, SEEK_CUR);
    inputs->stdin_file = STDIN_FILENO;
    inputs->stdin_base = base > 0 ? (uint64_t)base : 0;
    uint64_t size = (uint64_t)info.st_size;
    return add(inputs, "-", 0, size > inputs->stdin_base ? size - inputs->stdin_base : 0);
}

/* What is to become of a name that is not a regular file. */
enum other_kinds { OTHER_SKIP, OTHER_REFUSE };

static mpipe_status add_file(const mpipe_host *host, struct inputs *inputs, const char *path, size_t folder,
                             enum other_kinds others)
{
    struct stat info;
    if (stat(path, &info) != 0)
        return complain(host, "cannot read", path, strerror(errno));
    if (!S_ISREG(info.st_mode))
        return others == OTHER_SKIP
                   ? MPIPE_OK
                   : complain(host, "cannot read", path,
                              "it is not a regular file; to read a pipe or device, use path=- and redirect it");
    if (access(path, R_OK) != 0)
        return complain(host, "cannot read", path, strerror(errno));
    return add(inputs, path, folder, (uint64_t)info.st_size);
}

/* glob() sorts by the bytes of the names in the C locale, which is ours unless the host changes it. */
static mpipe_status add_matches(const mpipe_host *host, struct inputs *inputs, const char *pattern, size_t folder)
{
    glob_t found;
    mpipe_status status = MPIPE_OK;
    int error = glob(pattern, 0, NULL, &found);
    if (error == GLOB_NOMATCH)
        return complain(host, "there is no file", pattern,
                        "check the name; relative ones start at the folder that micropipe was started in");
    if (error)
        return error == GLOB_NOSPACE ? MPIPE_NO_MEMORY : complain(host, "cannot read", pattern, strerror(errno));
    for (size_t i = 0; i < found.gl_pathc && status == MPIPE_OK; i++)
        status = add_file(host, inputs, found.gl_pathv[i], folder, OTHER_SKIP);
    globfree(&found);
    if (status == MPIPE_OK && !inputs->n)
        return complain(host, "there is no regular file", pattern, "nothing to read");
    return status;
}

static mpipe_status add_path(const mpipe_host *host, struct inputs *inputs, const char *path)
{
    struct stat info;
    if (strcmp(path, "-") == 0)
        return add_stdin(host, inputs);
    if (stat(path, &info) != 0)
        return add_matches(host, inputs, path, 0);
    if (!S_ISDIR(info.st_mode))
        return add_file(host, inputs, path, 0, OTHER_REFUSE); /* also if its name has a star in it */
    char *pattern;
    if (asprintf(&pattern, "%s/*", path) < 0)
        return MPIPE_NO_MEMORY;
    mpipe_status status = add_matches(host, inputs, pattern, strlen(path) + 1);
    free(pattern);
    return status;
}

mpipe_status inputs_find(const mpipe_host *host, const char *path, struct inputs **out)
{
    struct inputs *inputs = calloc(1, sizeof *inputs);
    if (!inputs)
        return MPIPE_NO_MEMORY;
    inputs->stdin_file = -1;
    mpipe_status status = add_path(host, inputs, path);
    if (status == MPIPE_OK) {
        *out = inputs;
        return MPIPE_OK;
    }
    for (size_t i = 0; i < inputs->n; i++)
        free(inputs->list[i].path);
    free(inputs->list);
    spool_destroy(&inputs->spool);
    free(inputs);
    return status;
}

size_t inputs_place(const struct inputs *inputs, size_t index, uint64_t id)
{
    if (index < inputs->n && inputs->list[index].id == id)
        return index;
    for (size_t i = 0; i < inputs->n; i++)
        if (inputs->list[i].id == id)
            return i;
    return inputs->n;
}
