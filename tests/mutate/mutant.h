/* Included before everything else in a build that holds all mutants: which of them is alive, and, if a file is named
 * for it, a byte for each that was asked for. */
#ifndef MUTANT_H
#define MUTANT_H

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MUTANTS_MAX = 4096 };

#ifdef __cplusplus
extern "C" {
#endif
/* one of each for the whole program */
__attribute__((weak)) int mutant_alive = -1;
__attribute__((weak)) char *mutant_reached = 0;
#ifdef __cplusplus
}
#endif

/* Before main(), as a test may forbid itself all system calls. */
__attribute__((constructor)) static void mutant_begin(void)
{
    const char *name = getenv("MUTANT");
    const char *path = getenv("MUTANT_REACHED");
    if (mutant_alive >= 0)
        return;
    mutant_alive = name ? atoi(name) : 0;
    int fd = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666) : -1;
    if (fd < 0)
        return;
    if (ftruncate(fd, MUTANTS_MAX) == 0) {
        void *bytes = mmap(0, MUTANTS_MAX, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        mutant_reached = bytes == MAP_FAILED ? 0 : (char *)bytes;
    }
    close(fd);
}

static inline int mutant_is(int number)
{
    if (mutant_reached)
        mutant_reached[number] = 1;
    return mutant_alive == number;
}

#define MUTANT(number) __builtin_expect(mutant_is(number), 0)

#endif
