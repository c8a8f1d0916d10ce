/* What the value of an option or of a setting may be, and the check of a value against it. */
#ifndef RULE_H
#define RULE_H

#include "description.h"
#include "draft.h"
#include "node.h"
#include "pipeline.h"
#include "settings.h"

struct rule {
    uint32_t type;                           /* MPIPE_INT ..., | MPIPE_LIST */
    const char *fallback, *min, *max, *unit; /* NULL: none */
    const char *const *choices;
    uint32_t n_choices;
    int by_absence; /* 1: the default has no value that could be written, it is had by leaving it out */
};

/* What a value is of, for complaints. */
struct subject {
    const struct stage *stage; /* NULL: the pipeline */
    const char *what;          /* "option 'width'" */
};

struct rule rule_of_option(const struct option_description *o);
struct rule rule_of_setting(const struct setting *s);

/* Converts a node to what the rule wants, into the draft's region; leaves `option` and `is_set` alone.
 * 0, or -EINVAL after a complaint. A default that has a value is always allowed, in range or not. */
int rule_apply(struct draft *d, struct subject subject, const struct rule *rule, const struct node *n,
               struct option_value *out);

/* The rule's default. -EINVAL, without a complaint: the default itself is not of the rule's type. */
int rule_default(struct draft *d, const struct rule *rule, struct option_value *out);

#endif
