#include "node.h"

#include <string.h>

struct node *node_create(struct region *r, enum node_type type, const char *key, struct position key_at,
                         struct position at)
{
    struct node *n = region_alloc(r, sizeof *n);
    *n = (struct node){.type = type, .key = key, .text = "", .key_at = key_at, .at = at};
    return n;
}

void node_add(struct node *parent, struct node *child)
{
    if (parent->last)
        parent->last->next = child;
    else
        parent->first = child;
    parent->last = child;
}

struct node *node_child(const struct node *parent, const char *key)
{
    for (struct node *n = parent->first; n; n = n->next)
        if (n->key && strcmp(n->key, key) == 0)
            return n;
    return NULL;
}

void node_set(struct node *group, const char *key, struct node *value)
{
    struct node *old = node_child(group, key);
    value->key = key;
    if (!old) {
        node_add(group, value);
        return;
    }
    value->next = old->next;
    *old = *value;
}

size_t node_count(const struct node *parent)
{
    size_t count = 0;
    for (const struct node *n = parent->first; n; n = n->next)
        count++;
    return count;
}

struct node *node_word(struct region *r, const char *key, const char *text, struct position key_at, struct position at)
{
    struct node *word = node_create(r, NODE_WORD, key, key_at, at);
    word->text = region_text(r, text);
    for (const char *part = text; *text; part += strcspn(part, ",") + 1) {
        size_t length = strcspn(part, ",");
        struct position part_at = {at.line, at.column > 0 ? at.column + (int)(part - text) : 0};
        struct node *child = node_create(r, NODE_WORD, NULL, part_at, part_at);
        child->text = region_copy(r, part, length);
        node_add(word, child);
        if (!part[length])
            break;
    }
    return word;
}

const char *node_phrase(const struct node *n, struct region *r)
{
    enum { SHOWN = 60 };
    const char *more = n->text && strlen(n->text) > SHOWN ? "..." : "";
    switch (n->type) {
    case NODE_GROUP:
        return "a group { }";
    case NODE_LIST:
        return "a list";
    case NODE_STRING:
        return region_format(r, "the text \"%.*s%s\"", SHOWN, n->text, more);
    case NODE_WORD:
        return region_format(r, "'%.*s%s'", SHOWN, n->text, more);
    default:
        return region_format(r, "%.*s%s", SHOWN, n->text, more);
    }
}
