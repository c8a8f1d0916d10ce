/* Whether a description makes sense: the rules of option.h, processor.h and plugin.h of the SDK.
 *
 * The scanner's child asks it to tell an author what is wrong; the host asks it again of what the child sent, since a
 * plugin may have written that itself.
 */
#ifndef VERIFY_H
#define VERIFY_H

#include <stddef.h>

#include "description.h"

enum {
    VERIFY_TEXT_MAX = 16384, /* bytes of one text */
    VERIFY_NAME_MAX = 63,    /* bytes of a name */
    VERIFY_PROCESSORS_MAX = 256,
    VERIFY_OPTIONS_MAX = 256, /* of one processor; so the next three */
    VERIFY_PORTS_MAX = 64,
    VERIFY_NEEDS_MAX = 64,
    VERIFY_CHOICES_MAX = 256, /* of one option */
    VERIFY_STATE_MAX = 65536
};

/* [a-z][a-z0-9_]*, of at most VERIFY_NAME_MAX bytes. NULL is no name. */
int verify_is_name(const char *text);

/* 0, or -EINVAL: `why` says in one sentence what is wrong and what it should be. */
int verify_description(const struct processor_description *d, char *why, size_t why_size);

#endif
