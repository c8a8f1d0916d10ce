#include "naming.h"

#include <ctype.h>
#include <string.h>

#include "settings.h"

enum { NAME_MAX_BYTES = 64 };

static const char *text_of(const struct node *stage, enum stage_setting which)
{
    const struct node *n = node_child(stage, stage_settings[which].key);
    return n && (n->type == NODE_STRING || n->type == NODE_WORD) && *n->text ? n->text : NULL;
}

int naming_find(const char *const *names, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (names[i] && strcmp(names[i], name) == 0)
            return (int)i;
    return -1;
}

int naming_valid(const char *name)
{
    size_t length = strlen(name);
    if (!isalpha((unsigned char)*name) || length > NAME_MAX_BYTES)
        return 0;
    for (; *name; name++)
        if (!isalnum((unsigned char)*name) && *name != '_' && *name != '-')
            return 0;
    return 1;
}

static const char *default_name(const struct node *stage, struct region *region, const char *const *taken, size_t n)
{
    const char *processor = text_of(stage, STAGE_PROCESSOR);
    const char *plain = processor ? processor : "unnamed", *name;
    size_t separator;
    while (plain[separator = strcspn(plain, ".:/")] && plain[separator + 1]) /* "./folder/pack.so:processor" too */
        plain += separator + 1;
    name = plain;
    for (int number = 2; naming_find(taken, n, name) >= 0; number++)
        name = region_format(region, "%s-%d", plain, number);
    return name;
}

size_t naming_stages(const struct node *list, const struct node **out, size_t room)
{
    size_t n = 0;
    for (const struct node *element = list->first; element; element = element->next) {
        if (element->type != NODE_GROUP)
            continue;
        if (n < room)
            out[n] = element;
        n++;
    }
    return n;
}

void naming_assign(const struct node *const *stages, size_t n, struct region *region, const char **names)
{
    for (size_t i = 0; i < n; i++)
        names[i] = text_of(stages[i], STAGE_NAME);
    for (size_t i = 0; i < n; i++)
        if (!names[i])
            names[i] = default_name(stages[i], region, names, n);
}
