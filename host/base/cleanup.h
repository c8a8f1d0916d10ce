/* Locals that clean up after themselves when they leave their scope, on every path.
 *
 *     AUTO_FD int fd = open(...);      AUTO_FREE char *text = strdup(...);      AUTO_FILE FILE *f = fopen(...);
 */
#ifndef CLEANUP_H
#define CLEANUP_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void cleanup_fd(const int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

static inline void cleanup_free(void *p)
{
    free(*(void **)p);
}

static inline void cleanup_file(FILE **f)
{
    if (*f)
        fclose(*f);
}

#define AUTO_FD __attribute__((cleanup(cleanup_fd)))
#define AUTO_FREE __attribute__((cleanup(cleanup_free)))
#define AUTO_FILE __attribute__((cleanup(cleanup_file)))

#endif
