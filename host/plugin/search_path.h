/* The folders that packs are looked for in, in order. Host process only. */
#ifndef SEARCH_PATH_H
#define SEARCH_PATH_H

#include <stddef.h>

struct search_path {
    char **folders; /* absolute, none twice; NULL after the last */
    size_t n;
    struct missing_folder {
        char *name; /* as the user named it */
        int error;  /* why it cannot be looked in: an errno */
    } * missing;
    size_t n_missing;
};

/* `first` (colon separated, may be NULL), MICROPIPE_PLUGIN_PATH, packs/ beside the folder of the running program, and
 * the folders of the user and of the system. 0 or -ENOMEM, then *out is empty. */
int search_path_init(const char *first, struct search_path *out);
void search_path_clear(struct search_path *p);

/* The plugin of a pack: <folder>/NAME/NAME.so, then <folder>/NAME.so, the first that is a file. 0: *file is
 * the caller's; -ENOENT: there is none; -ENOMEM. */
int search_path_find(const struct search_path *p, const char *name, char **file);

/* Calls visit for each file in a folder of the path that may be a plugin, folder by folder, sorted by name: NAME.so,
 * and NAME for each folder NAME with a NAME.so in it. `name` is without .so, and may be no valid name of a pack. 0, or
 * -errno if a folder that is there could not be read for want of memory or descriptors. */
int search_path_each(const struct search_path *p, void (*visit)(void *context, const char *folder, const char *name),
                     void *context);

#endif
