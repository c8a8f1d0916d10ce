/* Loads a plugin into this process: dlopen(RTLD_NOW | RTLD_LOCAL), the exported function of our major, and checks of
 * all that it returns. Used by the scanner's child and by a stage server; never in the host itself. Never unloads.
 */
#ifndef LOADER_H
#define LOADER_H

#include <micropipe/plugin.h>

/* 0: *plugin is valid for the life of the process. Below 0: `why` (a buffer of `why_size` bytes) says in one sentence
 * what is wrong, with dlerror's own words where there are some, wanted and found versions, and what to do. */
int loader_open(const char *file, const mpipe_plugin **plugin, char *why, size_t why_size);

/* The processor of that name, or NULL. */
const mpipe_processor *loader_processor(const mpipe_plugin *plugin, const char *name);

#endif
