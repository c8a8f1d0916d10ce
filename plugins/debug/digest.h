/* Digests of a stream that can be carried on in a few bytes of state. XXH3, 128 bits, little-endian canonical form
 * throughout.
 *
 *     order   chain: order = XXH3(order || hash of the frame), from zeros: the frames, and the order they came in
 *     set     sum of all hashes modulo 2^128: the frames, in whatever order; a double changes it, unlike with xor
 */
#ifndef DIGEST_H
#define DIGEST_H

#include <stdint.h>

struct digest128 {
    uint64_t low, high;
};

struct digest128 digest_of(const void *data, uint64_t size);

/* chain = XXH3(chain || next) */
void digest_chain(struct digest128 *chain, struct digest128 next);

/* sum += next */
void digest_add(struct digest128 *sum, struct digest128 next);

enum { DIGEST_TEXT_SIZE = 33 };

/* 32 hexadecimal digits, the high half first, and a NUL. */
void digest_text(struct digest128 digest, char text[DIGEST_TEXT_SIZE]);

#endif
