/* libconfig's words, each with its place: libconfig itself tells of a setting only its line, and of an error not even
 * what was wrong.
 */
#ifndef TOKEN_H
#define TOKEN_H

#include "region.h"
#include "source.h"

enum token_type {
    TOKEN_END, /* of the text */
    TOKEN_NAME,
    TOKEN_BOOL,
    TOKEN_INTEGER,
    TOKEN_INTEGER64, /* with an L behind it: another type to libconfig */
    TOKEN_FLOAT,
    TOKEN_STRING,
    TOKEN_EQUALS,
    TOKEN_COMMA,
    TOKEN_SEMICOLON,
    TOKEN_GROUP,
    TOKEN_GROUP_END,
    TOKEN_ARRAY,
    TOKEN_ARRAY_END,
    TOKEN_LIST,
    TOKEN_LIST_END,
    TOKEN_GARBAGE,      /* a byte that starts nothing */
    TOKEN_OPEN_STRING,  /* without a closing quote: all the rest of the text */
    TOKEN_OPEN_COMMENT, /* likewise; libconfig would take it for a comment, and drop all that follows */
    TOKEN_NUL_IN_STRING /* "\x00": libconfig would drop what stands before it */
};

struct token {
    enum token_type type;
    const char *text; /* in the source */
    size_t length;
    struct position at;
};

/* All tokens of a source, TOKEN_END last. They live in the region, and point into the source. */
const struct token *tokens_read(const struct source *source, struct region *region);

/* What it is, for a message: "a comma", "the name 'x'". Never the content of a text. */
const char *token_phrase(const struct token *t, struct region *region);

#endif
