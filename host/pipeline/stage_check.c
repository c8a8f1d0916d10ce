#include "stage_check.h"

#include <errno.h>
#include <micropipe/processor.h>
#include <stdlib.h>
#include <string.h>

#include "naming.h"
#include "rule.h"
#include "stage_options.h"

/* A setting of the stage, set or default. *v is its value; after a complaint zeros and "". */
static void take(struct draft *d, uint32_t index, enum stage_setting which, struct option_value *v)
{
    struct stage *s = &d->pipeline->stages[index];
    const struct node *n = draft_stage_node(d, index, which);
    struct rule rule = rule_of_setting(&stage_settings[which]);
    *v = (struct option_value){.text = region_text(d->region, "")};
    if (n)
        rule_apply(d, (struct subject){s, stage_settings[which].key}, &rule, n, v);
    else
        rule_default(d, &rule, v);
}

static void check_name(struct draft *d, uint32_t index)
{
    struct option_value v;
    const struct stage *stages = d->pipeline->stages, *s = &stages[index];
    const struct node *n = draft_stage_node(d, index, STAGE_NAME);
    if (!n)
        return;
    take(d, index, STAGE_NAME, &v);
    if ((n->type == NODE_STRING || n->type == NODE_WORD) && !naming_valid(v.text))
        draft_complain(d, s, n->at, "name must be a letter, then at most 63 letters, digits, '-' or '_', but is %s",
                       node_phrase(n, d->region));
    for (uint32_t i = 0; i < index; i++) {
        const struct node *other = draft_stage_node(d, i, STAGE_NAME);
        if (!other || strcmp(stages[i].name, s->name) != 0)
            continue;
        const char *where = other->at.line->number > 0 ? region_format(d->region, "of line %d", other->at.line->number)
                                                       : region_format(d->region, "number %u", (unsigned)i + 1);
        draft_complain(d, s, n->at, "its name is taken by the stage %s", where);
        return;
    }
}

static void check_keys(struct draft *d, uint32_t index)
{
    const struct stage *s = &d->pipeline->stages[index];
    for (const struct node *n = d->stages[index]->first; n; n = n->next) {
        if (setting_index(stage_settings, STAGE_SETTINGS, n->key) >= 0)
            continue;
        const char *hint = draft_hint(d, setting_nearest(stage_settings, STAGE_SETTINGS, n->key));
        if (s->description && description_option(s->description, n->key))
            hint = region_format(d->region, ": it is an option of %s, so put it into options = { }", s->processor);
        draft_complain(d, s, n->key_at, "unknown setting '%s'%s", n->key, hint);
    }
}

static void check_processor(struct draft *d, uint32_t index)
{
    struct option_value v;
    struct stage *s = &d->pipeline->stages[index];
    const struct node *n = draft_stage_node(d, index, STAGE_PROCESSOR);
    const char *why = NULL;
    take(d, index, STAGE_PROCESSOR, &v);
    s->processor = v.text;
    if (!n)
        draft_complain(d, s, d->stages[index]->at, "processor is missing: set it, as processor = \"image.resize\"");
    if (!n || (n->type != NODE_STRING && n->type != NODE_WORD))
        return;
    s->description = catalogue_find(d->catalogue, s->processor, &why);
    if (!s->description) {
        draft_complain(d, s, n->at, "%s", why ? why : "there is no such processor");
        if (catalogue_shortage(d->catalogue))
            complaint_shortage(d->complaints, catalogue_shortage(d->catalogue));
    } else {
        s->is_source = (s->description->flags & MPIPE_SOURCE) != 0;
        s->is_sink = s->description->n_outputs == 0;
    }
}

static int is_serial(const struct stage *s)
{
    return s->description && s->description->flags & MPIPE_SERIAL;
}

/* 0: not set, or not right. */
static uint32_t worker_count(struct draft *d, const struct stage *s, enum workers_setting which, const struct node *n)
{
    struct rule rule = rule_of_setting(&workers_settings[which]);
    struct option_value v = {0};
    const char *what = n && n->key && strcmp(n->key, stage_settings[STAGE_WORKERS].key) == 0
                           ? n->key
                           : region_format(d->region, "workers.%s", workers_settings[which].key);
    if (!n || rule_apply(d, (struct subject){s, what}, &rule, n, &v))
        return 0;
    return (uint32_t)v.integer;
}

static void check_worker_range(struct draft *d, struct stage *s, const struct node *group)
{
    const struct node *min = node_child(group, workers_settings[WORKERS_MIN].key);
    const struct node *max = node_child(group, workers_settings[WORKERS_MAX].key);
    for (const struct node *n = group->first; n; n = n->next)
        if (setting_index(workers_settings, WORKERS_SETTINGS, n->key) < 0)
            draft_complain(d, s, n->key_at, "unknown setting '%s' in workers: it has min and max", n->key);
    uint32_t least = worker_count(d, s, WORKERS_MIN, min), most = worker_count(d, s, WORKERS_MAX, max);
    if (min && max && least > 0 && most > 0 && least > most)
        draft_complain(d, s, min->at, "workers.min is %u, more than workers.max, which is %u", least, most);
    if (least > 0)
        s->workers_min = least;
    s->workers_max = most > s->workers_min ? most : s->workers_min;
    s->workers_auto = most == 0 && !is_serial(s);
    if (s->is_source && s->workers_min < s->workers_max)
        draft_complain(d, s, group->at,
                       "a source has a fixed number of workers, as they share out what there is to "
                       "read: set workers = %u",
                       s->workers_max);
}

static int is_auto(const struct node *n)
{
    return (n->type == NODE_STRING || n->type == NODE_WORD) && strcmp(n->text, "auto") == 0;
}

/* "2-8" of a one-line pipeline becomes { min = 2; max = 8; }. NULL: it is no such word. */
static struct node *split_range(struct draft *d, const struct node *word)
{
    const char *dash = word->type == NODE_WORD && *word->text ? strchr(word->text + 1, '-') : NULL;
    if (!dash)
        return NULL;
    struct position at = word->at;
    struct node *group = node_create(d->region, NODE_GROUP, word->key, word->key_at, at);
    size_t length = (size_t)(dash - word->text);
    node_add(group, node_word(d->region, "min", region_copy(d->region, word->text, length), at, at));
    node_add(group, node_word(d->region, "max", dash + 1, at, at));
    return group;
}

static void check_workers(struct draft *d, uint32_t index)
{
    struct stage *s = &d->pipeline->stages[index];
    const struct node *n = draft_stage_node(d, index, STAGE_WORKERS);
    const struct node *group = n && n->type != NODE_GROUP ? split_range(d, n) : n;
    s->workers_min = 1;
    s->workers_max = 1;
    if (!n)
        s->workers_auto = s->description && !is_serial(s) && !s->is_source && !s->is_sink;
    else if (is_auto(n))
        s->workers_auto = !is_serial(s) && !s->is_source;
    else if (group)
        check_worker_range(d, s, group);
    else if (n->type == NODE_INTEGER || n->type == NODE_WORD) {
        uint32_t count = worker_count(d, s, WORKERS_MIN, n);
        s->workers_min = s->workers_max = count > 0 ? count : 1;
    } else
        draft_complain(d, s, n->at, "workers must be \"auto\", an integer or a group { min = 1; max = 4; }, but is %s",
                       node_phrase(n, d->region));
    if (n && is_serial(s) && s->workers_max > 1)
        draft_complain(d, s, n->at, "%s works in one worker only, so workers cannot be %u", s->processor,
                       s->workers_max);
}

static void check_queue(struct draft *d, uint32_t index)
{
    struct option_value v;
    struct stage *s = &d->pipeline->stages[index];
    const struct node *n = draft_stage_node(d, index, STAGE_QUEUE);
    uint32_t next = 1;
    take(d, index, STAGE_QUEUE, &v);
    s->queue = s->is_source ? 0 : (uint32_t)v.integer;
    while (next < v.integer)
        next *= 2;
    if (n && v.integer > 0 && next != v.integer)
        draft_complain(d, s, n->at, "queue must be a power of two, but is %s: the next one is %u", v.text, next);
}

static void check_settings(struct draft *d, uint32_t index, int ordered)
{
    struct option_value v;
    struct stage *s = &d->pipeline->stages[index];
    take(d, index, STAGE_ORDERED, &v);
    s->ordered = draft_stage_node(d, index, STAGE_ORDERED) ? (int)v.integer : ordered;
    take(d, index, STAGE_ON_ERROR, &v);
    s->on_error = (enum on_error)v.integer;
    take(d, index, STAGE_MAX_ATTEMPTS, &v);
    s->max_attempts = (uint32_t)v.integer;
    take(d, index, STAGE_TIMEOUT, &v);
    s->timeout_ns = (uint64_t)v.integer;
    take(d, index, STAGE_MEMORY, &v);
    s->memory = (uint64_t)v.integer;
    take(d, index, STAGE_SANDBOX, &v);
    s->sandbox = (enum sandbox_level)v.integer;
}

void stage_check(struct draft *d, uint32_t index, int ordered)
{
    struct stage *s = &d->pipeline->stages[index];
    s->line = d->stages[index]->at.line->number;
    for (int which = 0; which < STAGE_SETTINGS; which++)
        if (draft_stage_node(d, index, (enum stage_setting)which))
            s->set |= 1u << which;
    check_name(d, index);
    check_processor(d, index);
    check_keys(d, index);
    check_settings(d, index, ordered);
    check_workers(d, index);
    check_queue(d, index);
    if (s->description)
        stage_options_check(d, index);
}
