#include "catalogue.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "clock.h"
#include "nearest.h"
#include "scan.h"
#include "search_path.h"
#include "verify.h"

static const uint64_t scan_limit_ns = 2 * NS_PER_S;
static const char no_memory[] = "there is no memory left to look for it";

/* A plugin that was looked at: its processors, or its problem. */
struct pack {
    char *name; /* as it was asked for: "image", or the absolute path of its file */
    char *file; /* absolute */
    struct scan scan;
};

struct catalogue {
    struct search_path path;
    struct pack **packs; /* pointers, so that a description stays where it is while packs are added */
    size_t n_packs;
    struct catalogue_problem *problems; /* their texts are a pack's, or in `said` */
    size_t n_problems;
    const struct processor_description **all; /* of catalogue_scan_all() */
    size_t n_all;
    char **said; /* every text that was ever made for a caller, since callers keep them */
    size_t n_said;
    int shortage; /* errno; 0: there was all that was needed */
};

int catalogue_create(const char *first, struct catalogue **out)
{
    struct catalogue *c = calloc(1, sizeof *c);
    int error = c ? search_path_init(first, &c->path) : -ENOMEM;
    if (error)
        free(c);
    else
        *out = c;
    return error;
}

static void pack_destroy(struct pack *p)
{
    free(p->name);
    free(p->file);
    scan_clear(&p->scan);
    free(p);
}

void catalogue_destroy(struct catalogue **catalogue)
{
    struct catalogue *c = *catalogue;
    if (!c)
        return;
    for (size_t i = 0; i < c->n_packs; i++)
        pack_destroy(c->packs[i]);
    for (size_t i = 0; i < c->n_said; i++)
        free(c->said[i]);
    search_path_clear(&c->path);
    free(c->packs);
    free(c->problems);
    free(c->all);
    free(c->said);
    free(c);
    *catalogue = NULL;
}

/* Room for one more element behind n; NULL: no memory, and the old array is as it was. */
static void *grown(void *array, size_t n, size_t element)
{
    return reallocarray(array, n + 1, element);
}

static void note_shortage(struct catalogue *c, int error)
{
    if (!c->shortage)
        c->shortage = error;
}

int catalogue_shortage(const struct catalogue *c)
{
    return c->shortage;
}

/* Keeps the text for as long as the catalogue lives. */
__attribute__((format(printf, 2, 3))) static const char *explain(struct catalogue *c, const char *format, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, format);
    int n = vasprintf(&text, format, args);
    va_end(args);
    char **said = n < 0 ? NULL : grown(c->said, c->n_said, sizeof *said);
    if (!said) {
        free(n < 0 ? NULL : text);
        note_shortage(c, ENOMEM);
        return no_memory;
    }
    c->said = said;
    said[c->n_said++] = text;
    return text;
}

/* Both texts must live as long as the catalogue. */
static void add_problem(struct catalogue *c, const char *file, const char *reason)
{
    struct catalogue_problem *problems = grown(c->problems, c->n_problems, sizeof *problems);
    if (!problems) {
        note_shortage(c, ENOMEM); /* whoever asked for the pack is told why in any case */
        return;
    }
    c->problems = problems;
    problems[c->n_problems++] = (struct catalogue_problem){file, reason};
}

/* A pack that is found by name must call itself so, or the same processor would have two names. */
static void check_pack_name(struct pack *p)
{
    const char *own = p->scan.n_processors ? p->scan.processors[0]->pack : p->name;
    char *problem = NULL;
    if (strchr(p->name, '/') || strcmp(own, p->name) == 0)
        return;
    if (asprintf(&problem,
                 "it calls itself pack '%s': name the file %s.so, or change MPIPE_PLUGIN(\"%s\", ...) to \"%s\"", own,
                 own, own, p->name) < 0)
        problem = NULL;
    scan_clear(&p->scan);
    p->scan.problem = problem;
}

/* Scans the plugin and keeps it, whatever came of it. Takes `file`, which may be NULL as strdup() gave it. NULL: no
 * memory. */
static struct pack *add_pack(struct catalogue *c, const char *name, char *file)
{
    struct pack **packs = grown(c->packs, c->n_packs, sizeof(void *));
    struct pack *p = packs && file ? calloc(1, sizeof *p) : NULL;
    c->packs = packs ? packs : c->packs;
    if (!p) {
        free(file);
        note_shortage(c, ENOMEM);
        return NULL;
    }
    p->file = file;
    p->name = strdup(name);
    if (!p->name || scan_file(file, scan_limit_ns, &p->scan) != 0) {
        pack_destroy(p);
        note_shortage(c, ENOMEM);
        return NULL;
    }
    if (p->scan.shortage)
        note_shortage(c, p->scan.shortage);
    check_pack_name(p);
    if (p->scan.n_processors == 0 && !p->scan.problem) { /* there was no memory to say so */
        pack_destroy(p);
        note_shortage(c, ENOMEM);
        return NULL;
    }
    if (p->scan.problem)
        add_problem(c, p->file, p->scan.problem);
    packs[c->n_packs++] = p;
    return p;
}

static struct pack *known_pack(const struct catalogue *c, const char *name)
{
    for (size_t i = 0; i < c->n_packs; i++)
        if (strcmp(c->packs[i]->name, name) == 0)
            return c->packs[i];
    return NULL;
}

/* Names that visits of the search path have brought, to choose the nearest one of them. */
struct names {
    char **list;
    size_t n;
};

static void collect_name(void *context, const char *folder, const char *name)
{
    struct names *names = context;
    char **list = verify_is_name(name) ? grown(names->list, names->n, sizeof *list) : NULL;
    (void)folder;
    if (!list)
        return;
    names->list = list;
    list[names->n] = strdup(name);
    names->n += list[names->n] != NULL;
}

static const char *did_you_mean(const char *wrong, const char *const *names, size_t n, char *text, size_t size)
{
    const char *nearest = nearest_name(wrong, names, n);
    *text = '\0';
    if (nearest)
        snprintf(text, size, " (did you mean '%s'?)", nearest);
    return text;
}

/* "looked in /a, /b; not in /c (No such file or directory)"; NULL: no memory. */
static char *where_was_looked(const struct search_path *p)
{
    char *text = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);
    if (!f)
        return NULL;
    for (size_t i = 0; i < p->n; i++)
        fprintf(f, "%s%s", i ? ", " : "looked in ", p->folders[i]);
    if (p->n == 0)
        fprintf(f, "no folder of the search path exists, name one with --plugin-path");
    for (size_t i = 0; i < p->n_missing; i++)
        fprintf(f, "%s%s (%s)", i ? ", " : "; not in ", p->missing[i].name, strerror(p->missing[i].error));
    if (fclose(f) == 0)
        return text;
    free(text);
    return NULL;
}

static const char *explain_no_pack(struct catalogue *c, const char *name)
{
    char suggestion[128];
    struct names names = {NULL, 0};
    AUTO_FREE char *where = where_was_looked(&c->path);
    search_path_each(&c->path, collect_name, &names);
    did_you_mean(name, (const char *const *)names.list, names.n, suggestion, sizeof suggestion);
    for (size_t i = 0; i < names.n; i++)
        free(names.list[i]);
    free(names.list);
    if (where)
        return explain(c, "there is no pack '%s'%s; %s", name, suggestion, where);
    note_shortage(c, ENOMEM);
    return no_memory;
}

static struct pack *pack_by_name(struct catalogue *c, const char *name, const char **why)
{
    struct pack *p = known_pack(c, name);
    if (p)
        return p;
    if (!verify_is_name(name)) {
        *why = explain(c, "'%s' is no name of a pack: those are small letters, digits and '_'", name);
        return NULL;
    }
    char *file = NULL;
    int error = search_path_find(&c->path, name, &file);
    if (error == -ENOENT) {
        *why = explain_no_pack(c, name);
        return NULL;
    }
    p = add_pack(c, name, file);
    if (!p)
        *why = no_memory;
    return p;
}

static struct pack *pack_by_file(struct catalogue *c, const char *path, const char **why)
{
    char file[PATH_MAX];
    if (!realpath(path, file)) {
        *why = explain(c, "%s: %s", path, strerror(errno));
        if (errno == ENOMEM)
            note_shortage(c, ENOMEM);
        return NULL;
    }
    struct pack *p = known_pack(c, file);
    if (p)
        return p;
    p = add_pack(c, file, strdup(file));
    if (!p)
        *why = no_memory;
    return p;
}

/* A pack that has processors; else NULL and *why. */
static struct pack *usable_pack(struct catalogue *c, const char *name, const char **why)
{
    struct pack *p = strchr(name, '/') ? pack_by_file(c, name, why) : pack_by_name(c, name, why);
    if (!p || !p->scan.problem)
        return p;
    *why = explain(c, "%s cannot be used: %s", p->file, p->scan.problem);
    return NULL;
}

struct processor_description *const *catalogue_pack(struct catalogue *c, const char *name, size_t *n, const char **why)
{
    const struct pack *p = usable_pack(c, name, why);
    if (!p)
        return NULL;
    *n = p->scan.n_processors;
    return p->scan.processors;
}

static const char *explain_no_processor(struct catalogue *c, const struct pack *p, const char *wrong)
{
    const char *names[VERIFY_PROCESSORS_MAX];
    char suggestion[128];
    size_t n = p->scan.n_processors;
    for (size_t i = 0; i < n; i++)
        names[i] = p->scan.processors[i]->name;
    did_you_mean(wrong, names, n, suggestion, sizeof suggestion);
    return explain(c, "pack '%s' has no processor '%s'%s; 'micropipe inspect %s' lists what it has",
                   p->scan.processors[0]->pack, wrong, suggestion, p->name);
}

/* Where the pack's part of a name ends: the dot of pack.processor, the colon of ./path/file.so:processor; NULL:
 * nowhere. */
static const char *separator(const char *name)
{
    return strchr(name, '/') ? strrchr(name, ':') : strchr(name, '.');
}

const struct processor_description *catalogue_find(struct catalogue *c, const char *name, const char **why)
{
    const char *end = separator(name);
    if (!end || end == name || !end[1]) {
        *why = explain(c, "'%s' is no name of a processor: write pack.processor, as files.read, or ./file.so:processor",
                       name);
        return NULL;
    }
    char pack_name[PATH_MAX];
    if ((size_t)(end - name) >= sizeof pack_name) {
        *why = explain(c, "a name of %zu bytes is no name of a processor", strlen(name));
        return NULL;
    }
    snprintf(pack_name, sizeof pack_name, "%.*s", (int)(end - name), name);
    const struct pack *p = usable_pack(c, pack_name, why);
    for (uint32_t i = 0; p && i < p->scan.n_processors; i++)
        if (strcmp(p->scan.processors[i]->name, end + 1) == 0)
            return p->scan.processors[i];
    if (p)
        *why = explain_no_processor(c, p, end + 1);
    return NULL;
}

/* One candidate of the search path; of two of one name the first in the path wins, by search_path_find(). */
static void scan_candidate(void *context, const char *folder, const char *name)
{
    struct catalogue *c = context;
    const char *why = NULL;
    if (verify_is_name(name)) {
        pack_by_name(c, name, &why);
        return;
    }
    const char *file = explain(c, "%s/%s.so", folder, name);
    for (size_t i = 0; i < c->n_problems; i++)
        if (strcmp(c->problems[i].file, file) == 0)
            return; /* scanned before */
    add_problem(c, file,
                "its name is no name of a pack: rename it to small letters, digits and '_', with .so at the end");
}

static int by_name(const void *a, const void *b)
{
    const struct pack *const *left = a;
    const struct pack *const *right = b;
    return strcmp((*left)->name, (*right)->name);
}

size_t catalogue_scan_all(struct catalogue *c)
{
    size_t n = 0;
    int error = search_path_each(&c->path, scan_candidate, c);
    if (error)
        note_shortage(c, -error);
    if (c->n_packs)
        qsort(c->packs, c->n_packs, sizeof(void *), by_name);
    for (size_t i = 0; i < c->n_packs; i++)
        n += c->packs[i]->scan.n_processors;
    free(c->all);
    c->n_all = 0;
    c->all = calloc(n ? n : 1, sizeof(void *));
    if (!c->all)
        note_shortage(c, ENOMEM);
    for (size_t i = 0; i < c->n_packs && c->all; i++)
        for (uint32_t j = 0; j < c->packs[i]->scan.n_processors; j++)
            c->all[c->n_all++] = c->packs[i]->scan.processors[j];
    return c->n_all;
}

const struct processor_description *catalogue_at(const struct catalogue *c, size_t index)
{
    return index < c->n_all ? c->all[index] : NULL;
}

size_t catalogue_problems(const struct catalogue *c)
{
    return c->n_problems;
}

const struct catalogue_problem *catalogue_problem_at(const struct catalogue *c, size_t index)
{
    return index < c->n_problems ? &c->problems[index] : NULL;
}

const char *catalogue_folder(const struct catalogue *c, size_t index)
{
    return index < c->path.n ? c->path.folders[index] : NULL;
}
