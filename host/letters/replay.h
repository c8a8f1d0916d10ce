/* A replay of dead letters: which of them a run has taken is decided at once, by one rename, after its sinks have
 * everything; so a kill at any moment loses no letter. Host process, before and after the run.
 *
 *     FOLDER/.replay/           dead letters of the run, and lists of what it is to send
 *     FOLDER/.replay/taken      names of the letters that went through, one a line: from now on they are gone
 *
 * Without `taken` a replay that was interrupted is undone: its folder goes, and all letters are where they were. With
 * it, it is finished: the run's own dead letters move to FOLDER, those that were taken are removed, and its folder
 * goes. Each of these steps may be done twice.
 */
#ifndef REPLAY_H
#define REPLAY_H

#include <stddef.h>

struct replay {
    int folder;       /* locked: there is one replay at a time */
    const char *path; /* the caller's: the letters */
    char *work;       /* path of .replay */
};

/* Opens the folder of the letters and locks it, then finishes or undoes what an earlier replay left. 0 or -errno;
 * -EWOULDBLOCK: another replay goes on. */
int replay_open(struct replay *r, const char *path);

/* Undoes what was not decided. */
void replay_close(struct replay *r);

/* Makes .replay. 0 or -errno. */
int replay_begin(struct replay *r);

/* Writes names, one a line, to a file of .replay: for files.letters. *path is to free(). 0 or -errno. */
int replay_write_names(const struct replay *r, const char *file, const char *const *names, size_t n, char **path);

/* The decision: these went through. Then what follows from it. 0 or -errno: what is left is done by the next
 * replay_open(), if the decision was taken. */
int replay_take(struct replay *r, const char *const *names, size_t n);

#endif
