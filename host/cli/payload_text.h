/* A frame's bytes and attributes, for people. */
#ifndef PAYLOAD_TEXT_H
#define PAYLOAD_TEXT_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* The first n bytes of a payload of `size`, each line indented: as text if all of them are printable UTF-8, else as a
 * hex dump; then how many there are more. Writes no byte that a terminal could take for a command. */
void payload_print(FILE *out, size_t indent, const uint8_t *bytes, size_t n, uint64_t size);

/* The attributes of a frame as json_attributes() has them, a line each; nothing if there are none. */
void attributes_print(FILE *out, size_t indent, const json_t *attributes);

/* A text from a file or another process, without what could be a command to a terminal: such bytes become '?'. Or the
 * first n bytes of one. */
void harmless_print(FILE *out, const char *text);
void harmless_print_part(FILE *out, const char *text, size_t n);

#endif
