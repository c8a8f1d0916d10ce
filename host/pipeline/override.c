#include "override.h"

#include <errno.h>
#include <string.h>

#include "naming.h"
#include "nearest.h"
#include "pipeline.h"
#include "settings.h"

int override_split(const struct source *source, struct complaints *complaints, struct override *out)
{
    const char *equals = strchr(source->text, '=');
    const char *blanks = " \t\r\n";
    if (!equals || equals == source->text) {
        complaint_add(complaints, (struct position){source->lines, 1},
                      "expected setting=value, as memory=1G or stages.decode.workers=4");
        return -EINVAL;
    }
    const char *value = equals + 1 + strspn(equals + 1, blanks);
    *out = (struct override){source, value, {source->lines, (int)(value - source->text) + 1}};
    return 0;
}

/* The next part of the path, between dots, and its place; NULL at the end. */
static const char *next_part(const struct override *o, const char **at, struct region *region, struct position *place)
{
    const char *start = *at;
    if (!start)
        return NULL;
    size_t length = strcspn(start, ".=");
    *at = start[length] == '.' ? start + length + 1 : NULL;
    *place = (struct position){o->source->lines, (int)(start - o->source->text) + 1};
    while (length > 0 && (start[length - 1] == ' ' || start[length - 1] == '\t'))
        length--;
    return region_copy(region, start, length);
}

static struct node *find_stage(const struct node *root, const char *name, struct position at, struct region *region,
                               struct complaints *complaints)
{
    const struct node *list = node_child(root, pipeline_settings[PIPELINE_STAGES].key);
    struct node *stage = list && list->type == NODE_LIST ? list->first : NULL;
    const struct node *stages[PIPELINE_STAGES_MAX];
    const char *names[PIPELINE_STAGES_MAX];
    size_t n = stage ? naming_stages(list, stages, PIPELINE_STAGES_MAX) : 0;
    if (n > PIPELINE_STAGES_MAX) /* which will be complained of */
        n = PIPELINE_STAGES_MAX;
    naming_assign(stages, n, region, names);
    int index = naming_find(names, n, name);
    if (index < 0) {
        const char *nearest = nearest_name(name, names, n);
        const char *hint = nearest ? region_format(region, " (did you mean '%s'?)", nearest) : "";
        complaint_add(complaints, at, "unknown stage '%s'%s", name, hint);
        return NULL;
    }
    while (stage && stage != stages[index])
        stage = stage->next;
    return stage;
}

void override_apply(const struct override *o, struct node *root, struct node *value, struct region *region,
                    struct complaints *complaints)
{
    const char *rest = o->source->text;
    struct position at = {o->source->lines, 1};
    struct node *group = root;
    const char *part = next_part(o, &rest, region, &at);
    if (rest && strcmp(part, pipeline_settings[PIPELINE_STAGES].key) == 0) {
        const char *name = next_part(o, &rest, region, &at);
        group = find_stage(root, name, at, region, complaints);
        if (!group)
            return;
        part = next_part(o, &rest, region, &at);
    }
    if (!part) {
        complaint_add(complaints, at, "which setting of the stage? As stages.decode.workers=4");
        return;
    }
    while (rest) {
        struct node *inner = node_child(group, part);
        if (!inner || inner->type != NODE_GROUP) {
            node_set(group, part, node_create(region, NODE_GROUP, part, at, at));
            inner = node_child(group, part);
        }
        group = inner;
        part = next_part(o, &rest, region, &at);
    }
    value->key_at = at;
    node_set(group, part, value);
}
