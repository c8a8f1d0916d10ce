/* What the test and allocfault.so, which is loaded into the program under test, share: a page that both map. */
#ifndef ALLOCFAULT_H
#define ALLOCFAULT_H

#include <stdint.h>

#define ALLOCFAULT_ENV "ALLOCFAULT_FD"

/* As enum class Role in trial.h. */
enum { ALLOCFAULT_HOST, ALLOCFAULT_SCANNER, ALLOCFAULT_SERVER, ALLOCFAULT_WORKER, ALLOCFAULT_ROLES };

struct allocfault {
    uint32_t role;   /* whose allocations are counted and fail */
    uint32_t sticky; /* 1: all from the n-th on fail */
    uint64_t n;      /* which fails, from 1; 0: none */
    uint64_t count;  /* allocations that were asked for in that role */
};

#endif
