/* The shortest exact text of a value: what an option's text is to a processor, and what print writes. Pure. */
#ifndef CANONICAL_H
#define CANONICAL_H

#include <stdint.h>

#include "region.h"
#include "value.h"

/* "true", "-3", "0.5", "64K", "250ms" for MPIPE_BOOL, INT, FLOAT, SIZE, TIME. value_parse() gives the same value again.
 */
char *canonical_text(uint32_t type, const struct value *v, struct region *r);

#endif
