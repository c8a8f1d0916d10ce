/* The credential: what a request has to know to change something, and the file that tells it to the pipeline's owner.
 */
#ifndef CREDENTIAL_H
#define CREDENTIAL_H

enum { CREDENTIAL_MAX = 129 };

struct credential {
    char token[CREDENTIAL_MAX];
    char path[128]; /* "": there is no file */
};

/* Takes `token`, or makes one of 192 random bits if that is NULL, and writes it to NAME.token in the runtime folder,
 * for its owner alone. Without a folder, or a NULL name, there is no file. 0, or -errno: there is no token. */
int credential_make(struct credential *c, const char *token, const char *name);

/* Takes the file away. */
void credential_forget(struct credential *c);

#endif
