/* A configuration as it was written, before anything is known of what it means: groups, lists and values, each with its
 * place. Files, one-line pipelines and overrides all become this, so one checker judges them.
 */
#ifndef NODE_H
#define NODE_H

#include "position.h"
#include "region.h"

enum node_type {
    NODE_GROUP,
    NODE_LIST, /* also libconfig's array */
    NODE_BOOL,
    NODE_INTEGER,
    NODE_FLOAT,
    NODE_STRING,
    NODE_WORD /* an argument's text, whose type is what is wanted of it; its children: its parts between commas */
};

/* Lives in a region, with all that it points to. */
struct node {
    enum node_type type;
    const char *key;                  /* NULL: an element of a list */
    const char *text;                 /* a plain value, as it was written, without quotes, escapes and L */
    struct position key_at;           /* of the key; an element: as `at` */
    struct position at;               /* of the value */
    struct node *first, *last, *next; /* children, in order; next sibling */
};

struct node *node_create(struct region *r, enum node_type type, const char *key, struct position key_at,
                         struct position at);

/* Adds a child behind the others. */
void node_add(struct node *parent, struct node *child);

/* The child of that key, NULL if there is none. */
struct node *node_child(const struct node *parent, const char *key);

/* Makes the value of `key` in a group what `value` is; adds it if there is none. `value` is used up. */
void node_set(struct node *group, const char *key, struct node *value);

size_t node_count(const struct node *parent);

/* A plain word with children between its commas, at consecutive columns from `at`. */
struct node *node_word(struct region *r, const char *key, const char *text, struct position key_at, struct position at);

/* What it is, for a message: "the text \"abc\"", "a group". */
const char *node_phrase(const struct node *n, struct region *r);

#endif
