/* Descriptions as bytes, from the scanner's child to the host.
 *
 * The reader trusts nothing: every length and count is checked against what is there and against verify.h's limits
 * before anything is allocated. Native byte order: both ends are one program.
 */
#ifndef WIRE_H
#define WIRE_H

#include <stddef.h>
#include <stdint.h>

#include "description.h"

/* 0: *bytes, of *size, is the caller's to free. -ENOMEM. file and pack_dir are left out. */
int wire_encode(struct processor_description *const *list, uint32_t n, uint8_t **bytes, size_t *size);

/* 0: *list, of *n, is the caller's, each with file and pack_dir NULL, and each passed verify_description().
 * -EINVAL: the bytes are no such message, or what they say makes no sense: see `why`; -ENOMEM. */
int wire_decode(const uint8_t *bytes, size_t size, struct processor_description ***list, uint32_t *n, char *why,
                size_t why_size);

#endif
