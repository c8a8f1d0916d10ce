/* The text of an option's value, as a configuration or a processor's table has it, to what it stands for. Pure.
 *
 *     MPIPE_BOOL   true, false              MPIPE_SIZE   65536, 64K, 1.5M, 2G, 1T; a B or iB may follow the letter
 *     MPIPE_INT    -3, 0x1F                 MPIPE_TIME   0.25 (seconds), 250ms, 2s, 5m, 1h, 10us, 100ns
 *     MPIPE_FLOAT  0.5, 1e-3, 2             the others are what they are: text
 */
#ifndef VALUE_H
#define VALUE_H

#include <stdint.h>

struct value {
    int64_t integer; /* BOOL: 0, 1; INT; SIZE: bytes; TIME: nanoseconds */
    double number;   /* FLOAT; for the others `integer`, rounded */
};

/* `type`: one of the above without MPIPE_LIST. 0; -EINVAL: not of that form; -ERANGE: does not fit 64 bits (FLOAT: a
 * double). A type that is text gives 0 and zeros. */
int value_parse(uint32_t type, const char *text, struct value *out);

/* -1, 0 or 1: how a compares with b, both of that type. */
int value_compare(uint32_t type, const struct value *a, const struct value *b);

/* What the type is called: "size", "list of paths"; NULL: there is no such type. */
const char *value_type_name(uint32_t type);

/* The value of an option without a default: "false", "0"; NULL: an empty text, or an empty list. */
const char *value_zero(uint32_t type);

/* A form to copy, for messages: "a size, as 64K". */
const char *value_type_example(uint32_t type);

#endif
