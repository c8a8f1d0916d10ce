/* The entries of a folder, one after another. Host process. */
#ifndef ENTRIES_H
#define ENTRIES_H

/* What is done with an entry of the folder. 0 or -errno: it was the last then. */
typedef int entries_visit_fn(void *context, int folder, const char *name);

/* Visits each entry of a folder but its two dots. 0, or the first -errno: a folder that could not be read to its end is
 * never taken for one that ends there. */
int entries_visit(int folder, entries_visit_fn *visit, void *context);

#endif
