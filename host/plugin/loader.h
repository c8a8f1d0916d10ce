/* Loads a plugin into this process: dlopen(RTLD_NOW | RTLD_LOCAL), the exported function of our major, and checks of
 * all that it returns. Used by the scanner's child and by a stage server; never in the host itself. Never unloads.
 */
#ifndef LOADER_H
#define LOADER_H

#include <micropipe/plugin.h>

/* 0: *plugin is valid for the life of the process. -ENOMEM, -EMFILE: the machine has not what it takes, else below 0:
 * the plugin is at fault: `why` (a buffer of `why_size` bytes) says in one sentence
 * what is wrong, with dlerror's own words where there are some, wanted and found versions, and what to do. */
int loader_open(const char *file, const mpipe_plugin **plugin, char *why, size_t why_size);

/* The two halves of loader_open(), for the scanner, which wants to know in which of them a plugin died: the first runs
 * the constructors of the plugin and of the libraries that it needs, the second calls the function and reads the
 * tables. */
typedef const mpipe_plugin *(*loader_entry)(void);
int loader_map(const char *file, loader_entry *entry, char *why, size_t why_size);
int loader_ask(loader_entry entry, const mpipe_plugin **plugin, char *why, size_t why_size);

/* The processor of that name, or NULL. */
const mpipe_processor *loader_processor(const mpipe_plugin *plugin, const char *name);

#endif
