/* What each stage is called: as it says, or by its processor. Overrides and inputs use these names. */
#ifndef NAMING_H
#define NAMING_H

#include <stddef.h>

#include "node.h"

/* Writes the stages of a list, its elements that are groups, to out, at most `room`. Returns how many there are. */
size_t naming_stages(const struct node *list, const struct node **out, size_t room);

/* names[i] becomes the name of stages[i]. A name that two stages gave themselves is there twice. The texts live in the
 * region or in the tree. */
void naming_assign(const struct node *const *stages, size_t n, struct region *region, const char **names);

/* 1: [A-Za-z][A-Za-z0-9_-]*, at most 64 bytes. */
int naming_valid(const char *name);

/* Index of a name among n, -1 if there is none. */
int naming_find(const char *const *names, size_t n, const char *name);

#endif
