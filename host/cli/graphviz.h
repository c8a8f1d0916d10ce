/* Graphviz, where it is installed: its program dot makes a picture of a text in its language. */
#ifndef GRAPHVIZ_H
#define GRAPHVIZ_H

#include <stddef.h>

/* Runs `dot -Tsvg`, found on the PATH, without a shell. The SVG, to be freed. -ENOENT: it is not installed; -EIO: it
 * failed, and said on the standard error why; or another -errno. */
int graphviz_svg(const char *dot, size_t size, char **svg, size_t *svg_size);

#endif
