/* SPDX-License-Identifier: Apache-2.0
 *
 * A dead letter, as the host writes it: <name>.json, what is known of the frame, and <name>.bin, its payload.
 */
#ifndef LETTER_H
#define LETTER_H

#include <jansson.h>
#include <stddef.h>

#include <micropipe/micropipe.h>

enum { LETTER_NAME_MAX = 256 }; /* bytes of a file's name with its NUL */

struct letter {
    json_t *object;
    int payload; /* descriptor of the payload */
    uint64_t size;
};

/* Opens the letter `name` in a folder. NULL, or what is wrong with it, in `why`; then there is nothing to close. */
const char *letter_open(int folder, const char *name, struct letter *out, char *why, size_t why_size);
void letter_close(struct letter *l);

/* What those take of a frame's capacity beside the payload. */
uint64_t letter_room(const struct letter *l);

/* Gives a new frame the numbers and attributes of the letter's, but for the payload. */
mpipe_status letter_address(const struct letter *l, const mpipe_io *io, mpipe_frame **frame);

#endif
