/* SPDX-License-Identifier: Apache-2.0
 *
 * A pattern that makes a file's name of a frame: "{dir}{stem}.{ext}".
 *
 *     {path} {dir} {name} {stem} {ext}   of the attribute "path"; {ext} is the attribute "format", if there is one
 *     {sequence} {key}                   numbers of the frame: 9 decimal, 16 hexadecimal digits
 *     {anything else}                    the attribute of that name
 *     {{ }}                              braces
 */
#ifndef NAME_PATTERN_H
#define NAME_PATTERN_H

#include <micropipe/micropipe.h>

struct name_pattern;

/* 0, -ENOMEM, or -EINVAL: *why says in a few words what is wrong. */
int name_pattern_create(const char *text, struct name_pattern **out, const char **why);
void name_pattern_destroy(struct name_pattern **p);

/* [process] The name for a frame, NUL-terminated, in `name`. MPIPE_BAD_FRAME, with the reason said: the frame lacks an
 * attribute, the name is longer than `size`, or it would lead out of the folder that it is meant for. */
mpipe_status name_pattern_expand(const struct name_pattern *p, const mpipe_io *io, const mpipe_frame *frame, char *name,
                                 size_t size);

#endif
