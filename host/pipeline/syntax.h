/* libconfig's grammar once more, for two things that libconfig does not do: saying in a sentence what is wrong, and
 * where every setting and value stands.
 */
#ifndef SYNTAX_H
#define SYNTAX_H

#include "complaint.h"
#include "region.h"
#include "token.h"

enum {
    SYNTAX_DEPTH_MAX = 32,    /* of groups, lists and arrays within each other */
    SYNTAX_REPEATED_MAX = 100 /* settings; the next one is an error, so that no file gets a million complaints */
};

/* A setting, or an element of a list or an array. */
struct mark {
    const struct token *key;   /* NULL: an element */
    const struct token *value; /* its first token */
};

/* A setting that its group had already: from its name to what separates it from the next. */
struct repeated {
    const char *text; /* in the source */
    size_t length;
};

/* In the order in which libconfig's tree has them: before what is within them. Of repeated settings the first alone. */
struct marks {
    const struct mark *list;
    size_t n;
    const struct repeated *repeated;
    size_t n_repeated;
};

/* 0, or -EINVAL: a complaint about the first error. A repeated setting, at which libconfig would end, is complained of
 * too, and is no error here as long as there are not too many. */
int syntax_check(const struct token *tokens, struct region *region, struct complaints *complaints, struct marks *out);

/* The text for libconfig: without what is repeated, the rest in its place. */
const char *syntax_text(const struct source *source, const struct marks *marks, struct region *region);

#endif
