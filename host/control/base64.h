/* Bytes as text, RFC 4648. Pure. */
#ifndef BASE64_H
#define BASE64_H

#include <stddef.h>
#include <stdint.h>

/* To free(); NULL: no memory. */
char *base64_encode(const uint8_t *bytes, size_t n);

/* To free(), and how many; NULL: no memory, or it is no such text. */
uint8_t *base64_decode(const char *text, size_t *n);

#endif
