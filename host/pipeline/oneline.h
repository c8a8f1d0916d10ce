/* A pipeline as one line: processors between bars, each followed by its options.
 *
 *     files.read path=photos | image.decode :workers=2 | files.write path='my files'
 */
#ifndef ONELINE_H
#define ONELINE_H

#include "complaint.h"
#include "node.h"
#include "source.h"

/* The tree of the line, in the region. Values are words: a part of one in quotes, or behind a backslash, has no special
 * bytes, so "a,b" in quotes is one element of a list. NULL: `complaints` says why. */
struct node *oneline_read(const struct source *line, struct region *region, struct complaints *complaints);

#endif
