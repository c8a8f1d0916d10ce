#include "rule.h"

#include <errno.h>
#include <micropipe/option.h>
#include <string.h>

#include "canonical.h"
#include "nearest.h"
#include "value.h"

struct rule rule_of_option(const struct option_description *o)
{
    return (struct rule){.type = o->type,
                         .fallback = o->fallback,
                         .min = o->min,
                         .max = o->max,
                         .unit = o->unit,
                         .choices = (const char *const *)o->choices,
                         .n_choices = o->n_choices};
}

struct rule rule_of_setting(const struct setting *s)
{
    uint32_t n = 0;
    while (s->choices && s->choices[n])
        n++;
    return (struct rule){s->type, s->fallback, s->min, s->max, s->unit, s->choices, n, s->fallback == NULL};
}

static uint32_t base_type(const struct rule *rule)
{
    return rule->type & ~(uint32_t)MPIPE_LIST;
}

/* How libconfig may write a value of a type, as bits of enum node_type. An argument's word may be anything. */
static unsigned forms_of(uint32_t type)
{
    static const unsigned forms[] = {
        [MPIPE_BOOL] = 1u << NODE_BOOL,
        [MPIPE_INT] = 1u << NODE_INTEGER,
        [MPIPE_FLOAT] = 1u << NODE_INTEGER | 1u << NODE_FLOAT,
        [MPIPE_STRING] = 1u << NODE_STRING,
        [MPIPE_CHOICE] = 1u << NODE_STRING,
        [MPIPE_SIZE] = 1u << NODE_INTEGER | 1u << NODE_STRING,
        [MPIPE_TIME] = 1u << NODE_INTEGER | 1u << NODE_FLOAT | 1u << NODE_STRING,
        [MPIPE_PATH] = 1u << NODE_STRING,
    };
    return 1u << NODE_WORD | (type < sizeof forms / sizeof *forms ? forms[type] : 0);
}

static int is_text(uint32_t type)
{
    return type == MPIPE_STRING || type == MPIPE_PATH || type == MPIPE_CHOICE;
}

static const char *choices_text(struct draft *d, const struct rule *rule)
{
    const char *text = "";
    for (uint32_t i = 0; i < rule->n_choices; i++)
        text = region_format(d->region, "%s%s\"%s\"", text, i ? ", " : "", rule->choices[i]);
    return text;
}

static int complain_type(struct draft *d, struct subject subject, const struct rule *rule, const struct node *n)
{
    struct value unused;
    uint32_t type = base_type(rule);
    const char *hint = "", *wanted = value_type_example(type);
    if (type == MPIPE_CHOICE)
        wanted = region_format(d->region, "one of %s", choices_text(d, rule));
    if (n->type == NODE_STRING && value_parse(type, n->text, &unused) == 0)
        hint = ": take off the quotes";
    else if (is_text(type) && (n->type == NODE_INTEGER || n->type == NODE_FLOAT || n->type == NODE_BOOL))
        hint = ": put it in quotes";
    draft_complain(d, subject.stage, n->at, "%s must be %s, but is %s%s", subject.what, wanted,
                   node_phrase(n, d->region), hint);
    return -EINVAL;
}

static int complain_range(struct draft *d, struct subject subject, const struct rule *rule, const struct node *n)
{
    const char *unit = rule->unit ? region_format(d->region, " %s", rule->unit) : "";
    const char *limits = rule->min && rule->max ? region_format(d->region, "from %s to %s", rule->min, rule->max)
                         : rule->min            ? region_format(d->region, "at least %s", rule->min)
                                                : region_format(d->region, "at most %s", rule->max);
    draft_complain(d, subject.stage, n->at, "%s must be %s%s, but is %s", subject.what, limits, unit,
                   node_phrase(n, d->region));
    return -EINVAL;
}

/* A limit that is not of the type, or not there, limits nothing. */
static int is_beyond(uint32_t type, const char *limit, const struct value *v, int side)
{
    struct value bound;
    return limit && value_parse(type, limit, &bound) == 0 && value_compare(type, v, &bound) == side;
}

static int is_default(const struct rule *rule, const struct value *v)
{
    struct value fallback = {0, 0};
    uint32_t type = base_type(rule);
    return !rule->by_absence && (!rule->fallback || value_parse(type, rule->fallback, &fallback) == 0) &&
           value_compare(type, v, &fallback) == 0;
}

static int apply_choice(struct draft *d, struct subject subject, const struct rule *rule, const struct node *n,
                        struct option_value *out)
{
    for (uint32_t i = 0; i < rule->n_choices; i++)
        if (strcmp(rule->choices[i], n->text) == 0) {
            out->integer = i;
            out->text = region_text(d->region, n->text);
            return 0;
        }
    draft_complain(d, subject.stage, n->at, "%s must be one of %s, but is %s%s", subject.what, choices_text(d, rule),
                   node_phrase(n, d->region), draft_hint(d, nearest_name(n->text, rule->choices, rule->n_choices)));
    return -EINVAL;
}

static int apply_plain(struct draft *d, struct subject subject, const struct rule *rule, const struct node *n,
                       struct option_value *out)
{
    uint32_t type = base_type(rule);
    struct value v;
    if (!(forms_of(type) & 1u << n->type))
        return complain_type(d, subject, rule, n);
    if (type == MPIPE_CHOICE)
        return apply_choice(d, subject, rule, n, out);
    int error = value_parse(type, n->text, &v);
    if (error == -ERANGE) {
        draft_complain(d, subject.stage, n->at, "%s: %s is too large a number", subject.what,
                       node_phrase(n, d->region));
        return -EINVAL;
    }
    if (error)
        return complain_type(d, subject, rule, n);
    if (is_text(type)) {
        out->text = region_text(d->region, n->text);
        return 0;
    }
    if ((is_beyond(type, rule->min, &v, -1) || is_beyond(type, rule->max, &v, 1)) && !is_default(rule, &v))
        return complain_range(d, subject, rule, n);
    out->integer = v.integer;
    out->number = v.number;
    out->text = canonical_text(type, &v, d->region);
    return 0;
}

static int complain_no_list(struct draft *d, struct subject subject, const struct rule *rule, const struct node *n)
{
    const char *quote = n->type == NODE_STRING ? "\"" : "";
    const char *hint =
        n->type == NODE_GROUP ? "" : region_format(d->region, ": write [ %s%s%s ]", quote, n->text, quote);
    draft_complain(d, subject.stage, n->at, "%s must be a %s, but is %s%s", subject.what, value_type_name(rule->type),
                   node_phrase(n, d->region), hint);
    return -EINVAL;
}

static char *join(struct region *r, char *const *items, uint32_t n)
{
    size_t length = 0;
    for (uint32_t i = 0; i < n; i++)
        length += strlen(items[i]) + 1;
    char *text = region_alloc(r, length + 1), *end = text;
    for (uint32_t i = 0; i < n; i++) {
        if (i > 0)
            *end++ = ',';
        end = stpcpy(end, items[i]);
    }
    return text;
}

static int apply_list(struct draft *d, struct subject subject, const struct rule *rule, const struct node *n,
                      struct option_value *out)
{
    int error = 0;
    uint32_t i = 0;
    if (n->type != NODE_LIST && n->type != NODE_WORD)
        return complain_no_list(d, subject, rule, n);
    char **items = region_alloc(d->region, (node_count(n) + 1) * sizeof *items);
    for (const struct node *element = n->first; element; element = element->next) {
        struct option_value item = {0};
        if (apply_plain(d, subject, rule, element, &item))
            error = -EINVAL;
        items[i++] = item.text;
    }
    if (error)
        return error;
    out->items = items;
    out->n_items = i;
    out->text = join(d->region, items, i);
    return 0;
}

int rule_apply(struct draft *d, struct subject subject, const struct rule *rule, const struct node *n,
               struct option_value *out)
{
    return rule->type & MPIPE_LIST ? apply_list(d, subject, rule, n, out) : apply_plain(d, subject, rule, n, out);
}

/* What stands in no table: the zero of the type. */
static const char *zero_text(const struct rule *rule)
{
    switch (rule->type) {
    case MPIPE_BOOL:
        return "false";
    case MPIPE_INT:
    case MPIPE_FLOAT:
    case MPIPE_SIZE:
    case MPIPE_TIME:
        return "0";
    case MPIPE_CHOICE:
        return rule->n_choices > 0 ? rule->choices[0] : "";
    default:
        return "";
    }
}

int rule_default(struct draft *d, const struct rule *rule, struct option_value *out)
{
    struct complaints unused = {NULL, 0, 0};
    struct draft quiet = *d;
    struct source_line line = {.kind = SOURCE_ONE_LINE, .text = ""};
    struct position at = {&line, 0};
    const char *text = rule->fallback ? rule->fallback : zero_text(rule);
    struct node *n = node_word(d->region, NULL, text, at, at);
    struct rule any = *rule;
    any.by_absence = 0;
    quiet.complaints = &unused;
    int error = rule_apply(&quiet, (struct subject){NULL, ""}, &any, n, out);
    complaints_clear(&unused);
    return error;
}
