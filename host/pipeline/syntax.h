/* libconfig's grammar once more, for two things that libconfig does not do: saying in a sentence what is wrong, and
 * where every setting and value stands.
 */
#ifndef SYNTAX_H
#define SYNTAX_H

#include "complaint.h"
#include "region.h"
#include "token.h"

enum { SYNTAX_DEPTH_MAX = 32 }; /* of groups, lists and arrays within each other */

/* A setting, or an element of a list or an array. */
struct mark {
    const struct token *key;   /* NULL: an element */
    const struct token *value; /* its first token */
};

/* In the order in which libconfig's tree has them: before what is within them. */
struct marks {
    const struct mark *list;
    size_t n;
};

/* 0, or -EINVAL: one complaint, about the first error. */
int syntax_check(const struct token *tokens, struct region *region, struct complaints *complaints, struct marks *out);

#endif
