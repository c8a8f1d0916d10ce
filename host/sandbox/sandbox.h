/* The sandbox of a process that runs plugin code: no new privileges, limits, a system call filter, Landlock.
 *
 * Entered by a stage server and by a scanner's child before the plugin is mapped, so that its constructors run inside;
 * workers inherit it, and each narrows its own. What the kernel does not have is left out, and reported.
 */
#ifndef SANDBOX_H
#define SANDBOX_H

#include <stddef.h>
#include <stdint.h>

/* As the choices of the stage's setting. */
enum sandbox_level {
    SANDBOX_STRICT, /* as io, and: opens no file for writing, changes no folder, makes no socket */
    SANDBOX_IO,     /* creates no process, runs no program, reaches into none; files and network as the user may */
    SANDBOX_NONE    /* whatever the user may */
};

struct sandbox {
    enum sandbox_level level;
    const char *writable; /* strict: the one folder that may be written to, for dead letters; NULL: none */
    int listener;         /* out: the filter's, for referee.h, when asked for; -1: refused calls fail unseen */
    int filter;           /* out: 0, or -errno: the kernel took no filter */
    int landlock;         /* out: ABI in force; 0: none */
};

enum sandbox_listen { SANDBOX_UNSEEN, SANDBOX_LISTEN };

/* Confines this process and all that it forks, for good. With LISTEN the calls that are refused are held until
 * whoever has the listener has judged them; only then can this process fork. */
void sandbox_enter(struct sandbox *s, enum sandbox_listen listen);

/* In a worker: signals reach nobody else, not even its siblings. */
void sandbox_narrow(const struct sandbox *s);

/* What is in force, in words: "io: system calls filtered, Landlock ABI 7". */
void sandbox_describe(const struct sandbox *s, char *text, size_t size);

const char *sandbox_level_name(enum sandbox_level level);

#endif
