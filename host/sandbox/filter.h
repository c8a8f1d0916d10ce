/* The system call filter of a sandbox, made by libseccomp. Only for sandbox.c and referee.c.
 *
 * For a call that the table does not name the kernel does not run it: it keeps a bitmap of those.
 */
#ifndef FILTER_H
#define FILTER_H

#include "sandbox.h"

/* Installs it. 0, and *listener is its descriptor, or -1 if none is wanted; or -errno. `files`: strict refuses opening
 * for writing by this filter; else it is left to Landlock. */
int filter_install(enum sandbox_level level, int files, enum sandbox_listen listen, int *listener);

#endif
