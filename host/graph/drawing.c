#include "drawing.h"

#include <stdarg.h>
#include <stdio.h>

int drawing_add_box(struct drawing *d, const char *name)
{
    if (d->n_boxes == DRAWING_BOXES_MAX)
        return -1;
    int box = (int)d->n_boxes++;
    d->boxes[box] = (struct drawing_box){.n_lines = 1};
    snprintf(d->boxes[box].lines[0], DRAWING_TEXT_MAX, "%s", name);
    return box;
}

void drawing_add_line(struct drawing *d, int box, const char *format, ...)
{
    va_list args;
    if (box < 0 || d->boxes[box].n_lines == DRAWING_LINES_MAX)
        return;
    va_start(args, format);
    vsnprintf(d->boxes[box].lines[d->boxes[box].n_lines++], DRAWING_TEXT_MAX, format, args);
    va_end(args);
}

struct drawing_edge *drawing_add_edge(struct drawing *d, uint32_t from, uint32_t to, const char *out, const char *in)
{
    if (d->n_edges == DRAWING_EDGES_MAX || from >= to || to >= d->n_boxes)
        return NULL;
    struct drawing_edge *e = &d->edges[d->n_edges++];
    *e = (struct drawing_edge){.from = from, .to = to};
    snprintf(e->out, sizeof e->out, "%s", out);
    snprintf(e->in, sizeof e->in, "%s", in);
    return e;
}
