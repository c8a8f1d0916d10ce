/* The files of a dead letter: each is put into place by a rename, so what is there is whole.
 */
#ifndef LETTER_FILE_H
#define LETTER_FILE_H

#include <jansson.h>
#include <stdint.h>

enum { LETTER_NAME_BYTES = 160 };

/* Writes a file into a folder that is open, in place of one that may be there. 0 or -errno. */
int letter_file_put(int folder, const char *name, const uint8_t *data, uint64_t size);

/* The same with the first `size` bytes of a file that is open. -EIO: it has fewer. */
int letter_file_copy(int folder, const char *name, int from, uint64_t size);

/* An object as text, to free(); NULL: no memory. Not by json_dumps(), which leaves out what it had no room for. */
char *letter_file_text(const json_t *object);

/* Host: adds something to NAME.json, once its writer has committed it and will not write it anew. 0 or -errno: -ENOENT
 * if there is none, -EBADMSG if it is no letter. */
int letter_file_amend(const char *path, const char *name, const char *key, json_t *value);

#endif
