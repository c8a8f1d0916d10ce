#include "search_path.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"

static const char user_default[] = ".local/share"; /* below $HOME, when XDG_DATA_HOME is not set */
static const char user_packs[] = "micropipe/packs";
static const char *const system_folders[] = {"/usr/local/lib/micropipe/1/packs", "/usr/lib/micropipe/1/packs"};

static int is_file(const char *path)
{
    struct stat s;
    return stat(path, &s) == 0 && S_ISREG(s.st_mode);
}

static int holds(const struct search_path *p, const char *folder)
{
    for (size_t i = 0; i < p->n; i++)
        if (strcmp(p->folders[i], folder) == 0)
            return 1;
    return 0;
}

/* Adds a folder if it is one and not in it already. 0 or -errno, of which only -ENOMEM is ours. */
static int add(struct search_path *p, const char *folder)
{
    struct stat s;
    AUTO_FREE char *absolute = realpath(folder, NULL);
    if (!absolute)
        return -errno;
    if (stat(absolute, &s) != 0)
        return -errno;
    if (!S_ISDIR(s.st_mode))
        return -ENOTDIR;
    if (holds(p, absolute))
        return 0;
    char **folders = realloc(p->folders, (p->n + 2) * sizeof *folders);
    if (!folders)
        return -ENOMEM;
    p->folders = folders;
    folders[p->n++] = absolute;
    folders[p->n] = NULL;
    absolute = NULL;
    return 0;
}

static int add_missing(struct search_path *p, const char *name, int error)
{
    struct missing_folder *missing = realloc(p->missing, (p->n_missing + 1) * sizeof *missing);
    if (!missing)
        return -ENOMEM;
    p->missing = missing;
    missing[p->n_missing] = (struct missing_folder){strdup(name), error};
    if (!missing[p->n_missing].name)
        return -ENOMEM;
    p->n_missing++;
    return 0;
}

/* Adds what the user named: those that are not there are remembered, to be said when a pack is not found. */
static int add_list(struct search_path *p, const char *list)
{
    char folder[PATH_MAX];
    int error = 0;
    for (const char *at = list; at && *at && !error;) {
        size_t length = strcspn(at, ":");
        snprintf(folder, sizeof folder, "%.*s", length ? (int)length : 1, length ? at : ".");
        error = length < sizeof folder ? add(p, folder) : -ENAMETOOLONG;
        if (error && error != -ENOMEM)
            error = add_missing(p, folder, -error);
        at += length + (at[length] == ':');
    }
    return error;
}

/* As add(), but a folder that is not there is none the less well. */
static int add_if_there(struct search_path *p, const char *folder)
{
    return add(p, folder) == -ENOMEM ? -ENOMEM : 0;
}

/* .../bin/micropipe: .../packs */
static int add_beside_program(struct search_path *p)
{
    char program[PATH_MAX];
    char packs[PATH_MAX + sizeof "/packs"];
    ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
    if (n <= 0)
        return 0;
    program[n] = '\0';
    for (int up = 0; up < 2; up++) {
        char *slash = strrchr(program, '/');
        if (!slash)
            return 0;
        *slash = '\0';
    }
    snprintf(packs, sizeof packs, "%s/packs", program);
    return add_if_there(p, packs);
}

static int add_user(struct search_path *p)
{
    char path[PATH_MAX];
    const char *data = getenv("XDG_DATA_HOME");
    const char *home = getenv("HOME");
    int n = 0;
    if (data && *data == '/')
        n = snprintf(path, sizeof path, "%s/%s", data, user_packs);
    else if (home && *home)
        n = snprintf(path, sizeof path, "%s/%s/%s", home, user_default, user_packs);
    return n > 0 && (size_t)n < sizeof path ? add_if_there(p, path) : 0;
}

int search_path_init(const char *first, struct search_path *out)
{
    *out = (struct search_path){.folders = calloc(1, sizeof(char *))};
    int error = out->folders ? add_list(out, first) : -ENOMEM;
    error = error ? error : add_list(out, getenv("MICROPIPE_PLUGIN_PATH"));
    error = error ? error : add_beside_program(out);
    error = error ? error : add_user(out);
    for (size_t i = 0; i < sizeof system_folders / sizeof system_folders[0] && !error; i++)
        error = add_if_there(out, system_folders[i]);
    if (error)
        search_path_clear(out);
    return error;
}

void search_path_clear(struct search_path *p)
{
    for (size_t i = 0; i < p->n; i++)
        free(p->folders[i]);
    free(p->folders);
    for (size_t i = 0; i < p->n_missing; i++)
        free(p->missing[i].name);
    free(p->missing);
    *p = (struct search_path){0};
}

static int copy_to(const char *text, char **out)
{
    char *copy = strdup(text);
    if (!copy)
        return -ENOMEM;
    *out = copy;
    return 0;
}

int search_path_find(const struct search_path *p, const char *name, char **file)
{
    char path[PATH_MAX];
    for (size_t i = 0; i < p->n; i++) {
        int n = snprintf(path, sizeof path, "%s/%s/%s.so", p->folders[i], name, name);
        if (n > 0 && (size_t)n < sizeof path && is_file(path))
            return copy_to(path, file);
        n = snprintf(path, sizeof path, "%s/%s.so", p->folders[i], name);
        if (n > 0 && (size_t)n < sizeof path && is_file(path))
            return copy_to(path, file);
    }
    return -ENOENT;
}

/* Whether an entry of a folder may be a plugin; its name without .so goes to `name`. */
static int names_plugin(const char *folder, const char *entry, char *name, size_t size)
{
    char file[PATH_MAX];
    size_t length = strlen(entry);
    if (entry[0] == '.' || length >= size)
        return 0;
    memcpy(name, entry, length + 1);
    int n = snprintf(file, sizeof file, "%s/%s/%s.so", folder, entry, entry);
    if (n > 0 && (size_t)n < sizeof file && is_file(file))
        return 1;
    n = snprintf(file, sizeof file, "%s/%s", folder, entry);
    if (length < 4 || strcmp(entry + length - 3, ".so") != 0 || n <= 0 || (size_t)n >= sizeof file || !is_file(file))
        return 0;
    name[length - 3] = '\0';
    return 1;
}

int search_path_each(const struct search_path *p, void (*visit)(void *context, const char *folder, const char *name),
                     void *context)
{
    char name[NAME_MAX + 1];
    for (size_t i = 0; i < p->n; i++) {
        struct dirent **entries = NULL;
        int n = scandir(p->folders[i], &entries, NULL, alphasort);
        if (n < 0 && (errno == ENOMEM || errno == EMFILE || errno == ENFILE))
            return -errno;
        for (int e = 0; e < n; e++) {
            if (names_plugin(p->folders[i], entries[e]->d_name, name, sizeof name))
                visit(context, p->folders[i], name);
            free(entries[e]);
        }
        free(entries);
    }
    return 0;
}
