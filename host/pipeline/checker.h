/* From a tree to a checked pipeline, or to all that is wrong with it. */
#ifndef CHECKER_H
#define CHECKER_H

#include "catalogue.h"
#include "complaint.h"
#include "node.h"
#include "pipeline.h"

/* `file`: NULL for a one-line pipeline. 0: *out is the pipeline, independent of the tree. -EINVAL: *out untouched,
 * `complaints` says why, unsorted. */
int checker_run(struct catalogue *c, const struct node *root, const char *file, struct complaints *complaints,
                struct pipeline **out);

#endif
