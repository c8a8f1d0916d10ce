/* The packs that can be found, and the descriptions of their processors, loaded on demand.
 *
 * Host process only. A pack "image" is looked for in each folder of the search path, in order: <folder>/image/image.so,
 * then <folder>/image.so; the first that exists is the one. It is dlopened only in a throw-away child (scan.h), once.
 */
#ifndef CATALOGUE_H
#define CATALOGUE_H

#include <stddef.h>

#include "description.h"

struct catalogue;

/* A shared object that was found and cannot be used, and why. */
struct catalogue_problem {
    const char *file;   /* absolute */
    const char *reason; /* one sentence, with dlerror's own words where there are some, and what to do */
};

/* The search path: `first` (colon separated, may be NULL: --plugin-path), MICROPIPE_PLUGIN_PATH, the folder packs/
 * beside the folder of the running program, $XDG_DATA_HOME/micropipe/packs, /usr/local/lib/micropipe/1/packs,
 * /usr/lib/micropipe/1/packs. 0 or -ENOMEM. */
int catalogue_create(const char *first, struct catalogue **out);
void catalogue_destroy(struct catalogue **c);

/* "pack.processor", or for authors "./path/to/file.so:processor". NULL if there is none: then *why says it in one
 * sentence (no such pack: where was looked, and the nearest name; no such processor: the nearest one; the pack did not
 * load: dlerror). *why is owned by the catalogue. */
const struct processor_description *catalogue_find(struct catalogue *c, const char *name, const char **why);

/* All processors of one pack, *n of them in the order of the pack: "pack", or "./path/to/file.so". NULL and *why as
 * above. */
struct processor_description *const *catalogue_pack(struct catalogue *c, const char *name, size_t *n, const char **why);

/* Scans every pack of the search path. Returns how many processors there are; catalogue_at() gives them by pack, then
 * by their order in the pack. */
size_t catalogue_scan_all(struct catalogue *c);
const struct processor_description *catalogue_at(const struct catalogue *c, size_t index);

/* 0, or the errno of the first thing that the machine lacked to look for a pack or to scan it: memory, a descriptor, a
 * process. What was not found may be there then. */
int catalogue_shortage(const struct catalogue *c);

size_t catalogue_problems(const struct catalogue *c);
const struct catalogue_problem *catalogue_problem_at(const struct catalogue *c, size_t index);

/* Folders of the search path that exist, in order; NULL after the last. */
const char *catalogue_folder(const struct catalogue *c, size_t index);

#endif
