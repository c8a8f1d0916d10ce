/* Settings of the command line, which take the place of the file's: stages.decode.workers=4, memory=1G. */
#ifndef OVERRIDE_H
#define OVERRIDE_H

#include "complaint.h"
#include "node.h"
#include "source.h"

/* A setting's path and its value, still text. */
struct override {
    const struct source *source; /* the whole argument */
    const char *value;           /* behind the '=' , in the source */
    struct position value_at;
};

/* Splits an argument at its first '='. -EINVAL after a complaint. */
int override_split(const struct source *source, struct complaints *complaints, struct override *out);

/* Puts the value into the tree. `value` is used up. What has no place there becomes a complaint; whether the setting
 * exists at all is the checker's business. */
void override_apply(const struct override *o, struct node *root, struct node *value, struct region *region,
                    struct complaints *complaints);

#endif
