/* SPDX-License-Identifier: Apache-2.0
 *
 * What a sample is called in a shard: WebDataset takes the part up to the first dot of the base name for the sample's
 * key, and the rest for the kind of the member.
 *
 *     set/photo.v2.JPG   key set/photo%2Ev2   member set/photo%2Ev2.jpg
 */
#ifndef SAMPLE_NAME_H
#define SAMPLE_NAME_H

#include <stddef.h>

#include <micropipe/micropipe.h>

enum { SAMPLE_NAME_MAX = 8192, SAMPLE_SUFFIX_MAX = 64 };

enum sample_key { SAMPLE_KEY_AUTO, SAMPLE_KEY_PATH, SAMPLE_KEY_SEQUENCE, SAMPLE_KEY_NUMBER };

struct sample_name {
    char key[SAMPLE_NAME_MAX];
    char suffix[SAMPLE_SUFFIX_MAX]; /* of the member, without its dot */
};

/* [process, run] Names a frame. `suffix`: "" to take it from the attribute "format", else of the path, else "txt" or
 * "bin". MPIPE_BAD_FRAME, with the reason said: it has no path, or one that would lead out of a folder that it is
 * unpacked in. */
mpipe_status sample_name_make(const mpipe_io *io, const mpipe_frame *frame, enum sample_key kind, const char *suffix,
                              struct sample_name *out);

/* Why this cannot be a member's suffix; NULL if it can. */
const char *sample_suffix_problem(const char *suffix);

/* Length of the key in a member's name. */
size_t sample_name_key_length(const char *member);

#endif
