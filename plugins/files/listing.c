/* SPDX-License-Identifier: Apache-2.0 */
#include "listing.h"

#include <errno.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct builder {
    const struct listing_rules *rules;
    struct listing *list;
    size_t capacity, root_length;
};

void listing_destroy(struct listing **l)
{
    if (!*l)
        return;
    for (size_t i = 0; i < (*l)->n; i++)
        free((*l)->entries[i].path);
    free((*l)->entries);
    free((*l)->folder);
    free(*l);
    *l = NULL;
}

static bool any_matches(const char *const *patterns, size_t n, const char *path, enum glob_case letters)
{
    for (size_t i = 0; i < n; i++) {
        if (glob_matches(patterns[i], path, letters))
            return true;
    }
    return false;
}

static bool is_excluded(const struct listing_rules *r, const char *path)
{
    return any_matches(r->exclude, r->n_exclude, path, r->letters);
}

static bool is_wanted(const struct listing_rules *r, const char *path)
{
    return (!r->n_include || any_matches(r->include, r->n_include, path, r->letters)) && !is_excluded(r, path);
}

static int add(struct builder *b, const char *path, int error)
{
    struct listing *l = b->list;
    if (l->n == b->capacity) {
        const size_t capacity = b->capacity ? b->capacity * 2 : 256;
        struct listing_entry *entries = reallocarray(l->entries, capacity, sizeof *entries);
        if (!entries)
            return -ENOMEM;
        l->entries = entries;
        b->capacity = capacity;
    }
    const size_t length = strnlen(path, LISTING_PATH_MAX);
    const bool too_long = length == LISTING_PATH_MAX;
    char *copy = strndup(path, too_long ? length - 1 : length);
    if (!copy)
        return -ENOMEM;
    l->entries[l->n++] = (struct listing_entry){copy, too_long ? ENAMETOOLONG : error};
    return 0;
}

static const char *relative_path(const struct builder *b, const FTSENT *e)
{
    const char *path = e->fts_path + b->root_length;
    while (*path == '/')
        path++;
    return path;
}

static int visit_folder(const struct builder *b, FTS *tree, FTSENT *e)
{
    if (e->fts_level > 0 && (!b->rules->recursive || is_excluded(b->rules, relative_path(b, e))))
        fts_set(tree, e, FTS_SKIP);
    return 0;
}

static int visit(struct builder *b, FTS *tree, FTSENT *e)
{
    const char *path = relative_path(b, e);
    const bool wanted = e->fts_level > 0 && is_wanted(b->rules, path);
    switch (e->fts_info) {
    case FTS_D:
        return visit_folder(b, tree, e);
    case FTS_F:
        return wanted ? add(b, path, 0) : 0;
    case FTS_SLNONE: /* a link to nothing; seen only when links are followed */
        return wanted ? add(b, path, ENOENT) : 0;
    case FTS_NS:
    case FTS_ERR:
        if (e->fts_level == 0)
            return -e->fts_errno;
        return wanted ? add(b, path, e->fts_errno) : 0;
    case FTS_DNR:
        return e->fts_level == 0 ? -e->fts_errno : add(b, path, e->fts_errno);
    default: /* FTS_DP, FTS_DC (a loop of links), FTS_SL, FTS_DEFAULT (devices, pipes, sockets) */
        return 0;
    }
}

static int by_path(const void *a, const void *b)
{
    const struct listing_entry *left = a, *right = b;
    return strcmp(left->path, right->path);
}

static int fill_from_folder(struct builder *b)
{
    char *const roots[] = {b->list->folder, NULL};
    const int links = b->rules->follow_symlinks ? FTS_LOGICAL : FTS_PHYSICAL | FTS_COMFOLLOW;
    FTS *tree = fts_open(roots, links | FTS_NOCHDIR, NULL);
    if (!tree)
        return -errno;
    b->root_length = strlen(b->list->folder);
    int error = 0;
    for (;;) {
        errno = 0;
        FTSENT *e = fts_read(tree);
        if (!e) {
            error = -errno;
            break;
        }
        error = visit(b, tree, e);
        if (error)
            break;
    }
    fts_close(tree);
    if (!error && b->list->n)
        qsort(b->list->entries, b->list->n, sizeof *b->list->entries, by_path);
    return error;
}

static int fill_from_file(struct builder *b)
{
    char *slash = strrchr(b->list->folder, '/');
    const int error = add(b, slash ? slash + 1 : b->list->folder, 0);
    if (error)
        return error;
    if (slash && slash != b->list->folder) {
        *slash = '\0';
        return 0;
    }
    memcpy(b->list->folder, slash ? "/" : ".", 2); /* not longer than what is there: a slash, or a name */
    return 0;
}

int listing_create(const struct listing_rules *rules, struct listing **out)
{
    struct stat about;
    if (stat(rules->root, &about))
        return -errno;
    if (!S_ISDIR(about.st_mode) && !S_ISREG(about.st_mode))
        return -EINVAL;
    struct listing *l = calloc(1, sizeof *l);
    if (!l)
        return -ENOMEM;
    struct builder b = {.rules = rules, .list = l};
    int error = -ENOMEM;
    l->folder = strdup(rules->root);
    if (l->folder) {
        for (size_t n = strlen(l->folder); n > 1 && l->folder[n - 1] == '/'; n--)
            l->folder[n - 1] = '\0';
        error = S_ISDIR(about.st_mode) ? fill_from_folder(&b) : fill_from_file(&b);
    }
    if (error)
        listing_destroy(&l);
    *out = l;
    return error;
}

size_t listing_after(const struct listing *l, const char *path)
{
    size_t low = 0, high = *path ? l->n : 0;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (strcmp(l->entries[middle].path, path) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}
