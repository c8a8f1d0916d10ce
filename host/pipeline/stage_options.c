#include "stage_options.h"

#include <errno.h>
#include <micropipe/option.h>
#include <string.h>
#include <unistd.h>

#include "nearest.h"
#include "rule.h"

static const char *nearest_option(struct draft *d, const struct processor_description *p, const char *wrong)
{
    const char **names = region_alloc(d->region, (p->n_options + 1) * sizeof *names);
    for (uint32_t i = 0; i < p->n_options; i++)
        names[i] = p->options[i].name;
    return nearest_name(wrong, names, p->n_options);
}

static void complain_unknown(struct draft *d, const struct stage *s, const struct node *n)
{
    const struct processor_description *p = s->description;
    const char *nearest = nearest_option(d, p, n->key);
    if (setting_index(stage_settings, STAGE_SETTINGS, n->key) >= 0)
        draft_complain(d, s, n->key_at, "'%s' is a setting of the stage, not an option: put it outside options { }",
                       n->key);
    else if (nearest)
        draft_complain(d, s, n->key_at, "unknown option '%s'%s", n->key, draft_hint(d, nearest));
    else if (p->n_options == 0)
        draft_complain(d, s, n->key_at, "unknown option '%s': %s has no options", n->key, s->processor);
    else
        draft_complain(d, s, n->key_at, "unknown option '%s'; see: micropipe inspect %s", n->key, s->processor);
}

/* Says what is wrong with one path that has to exist. */
static void check_path(struct draft *d, struct subject subject, const char *path, struct position at)
{
    if (access(path, R_OK) != 0)
        draft_complain(d, subject.stage, at, "%s: cannot read '%s': %s", subject.what, path, strerror(errno));
}

/* `elements`: the nodes of a list's items, as far as there are any; `at`: where to complain of all else. An empty path
 * that is not required stands for none. */
static void check_paths(struct draft *d, struct subject subject, const struct option_value *v,
                        const struct node *elements, struct position at)
{
    uint32_t type = v->option->type;
    if ((type & ~(uint32_t)MPIPE_LIST) != MPIPE_PATH || !(v->option->flags & MPIPE_MUST_EXIST))
        return;
    for (uint32_t i = 0; i < v->n_items; i++) {
        check_path(d, subject, v->items[i], elements ? elements->at : at);
        elements = elements ? elements->next : NULL;
    }
    if (!(type & MPIPE_LIST) && (*v->text || v->option->flags & MPIPE_REQUIRED))
        check_path(d, subject, v->text, at);
}

/* `n`: what the configuration sets it to, NULL if nothing. `at`: of the stage's processor. */
static void check_option(struct draft *d, struct stage *s, struct option_value *v, const struct node *n,
                         struct position at)
{
    struct subject subject = {s, region_format(d->region, "option '%s'", v->option->name)};
    struct rule rule = rule_of_option(v->option);
    if (n) {
        v->is_set = 1;
        if (rule_apply(d, subject, &rule, n, v) == 0)
            check_paths(d, subject, v, n->first, n->at);
        return;
    }
    if (v->option->flags & MPIPE_REQUIRED)
        draft_complain(d, s, at, "option '%s' of %s is missing: set it, as options = { %s = ...; }", v->option->name,
                       s->processor, v->option->name);
    else if (rule_default(d, &rule, v) != 0)
        draft_complain(d, s, at,
                       "option '%s' of %s has a default that cannot be: \"%s\"; set the option, and tell the "
                       "author of the pack",
                       v->option->name, s->processor, v->option->fallback);
    else
        check_paths(d, subject, v, NULL, at);
}

static void check_keys(struct draft *d, const struct stage *s, const struct node *group)
{
    for (const struct node *n = group->first; n; n = n->next)
        if (!description_option(s->description, n->key))
            complain_unknown(d, s, n);
}

void stage_options_check(struct draft *d, uint32_t index)
{
    struct stage *s = &d->pipeline->stages[index];
    const struct processor_description *p = s->description;
    const struct node *group = draft_stage_node(d, index, STAGE_OPTIONS);
    struct position at = draft_stage_node(d, index, STAGE_PROCESSOR)->at;
    s->options = region_alloc(d->region, (p->n_options + 1) * sizeof *s->options);
    if (group && group->type != NODE_GROUP) {
        draft_complain(d, s, group->at, "options must be a group, as { size = 5; }, but is %s",
                       node_phrase(group, d->region));
        return;
    }
    if (group)
        check_keys(d, s, group);
    for (uint32_t i = 0; i < p->n_options; i++) {
        s->options[i] = (struct option_value){.option = &p->options[i], .text = region_text(d->region, "")};
        check_option(d, s, &s->options[i], group ? node_child(group, p->options[i].name) : NULL, at);
    }
}
