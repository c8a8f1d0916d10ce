/* The name that was probably meant: for "did you mean 'width'?". Pure. */
#ifndef NEAREST_H
#define NEAREST_H

#include <stddef.h>

/* The first of the nearest of n names, by Damerau-Levenshtein distance (two letters swapped count as one mistake; case
 * counts nothing). NULL if none is near: more mistakes than a third of the letters of `wrong`, at least one. */
const char *nearest_name(const char *wrong, const char *const *names, size_t n);

#endif
