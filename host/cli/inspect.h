/* micropipe inspect: which packs and processors there are, and all that is known of one. */
#ifndef INSPECT_H
#define INSPECT_H

#include <stdio.h>

/* argv[0] is "inspect"; argv is rearranged. Exit code: 0; 1: the system failed, or the pack that was named cannot be
 * used; 2: usage, or there is nothing of that name. Mistakes go to `err`. */
int inspect_run(int argc, char **argv, FILE *out, FILE *err);

#endif
