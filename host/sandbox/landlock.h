/* Landlock: what of the file system and of other processes is within reach, as far as the kernel can say. Only for
 * sandbox.c. */
#ifndef LANDLOCK_H
#define LANDLOCK_H

#include "sandbox.h"

/* The ABI of this kernel, 0: none. */
int landlock_abi(void);

/* Confines this process. Returns the ABI in force, 0 if there is nothing that this kernel could do for the level. */
int landlock_enter(const struct sandbox *s);

#endif
