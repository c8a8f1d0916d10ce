/* Included before everything else in a build that holds all mutants: which of them is alive. */
#ifndef MUTANT_H
#define MUTANT_H

#include <stdlib.h>

#ifdef __cplusplus
extern "C" {
#endif
__attribute__((weak)) int mutant_alive = -1; /* one word for the whole program */
#ifdef __cplusplus
}
#endif

static inline int mutant_is(int number)
{
    if (mutant_alive < 0) {
        const char *name = getenv("MUTANT");
        mutant_alive = name ? atoi(name) : 0;
    }
    return mutant_alive == number;
}

#define MUTANT(number) __builtin_expect(mutant_is(number), 0)

#endif
