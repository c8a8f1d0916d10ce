/* A drawing: boxes and the edges between them, as text to look at. Pure: what it shows is copied in, and it comes out
 * as characters for a terminal, as Graphviz's dot, or as Mermaid.
 *
 * Any process. Boxes are numbered in topological order: an edge leads from a lower number to a higher one.
 */
#ifndef DRAWING_H
#define DRAWING_H

#include <stdint.h>
#include <stdio.h>

enum { DRAWING_BOXES_MAX = 64, DRAWING_EDGES_MAX = 256, DRAWING_LINES_MAX = 5, DRAWING_TEXT_MAX = 96 };

/* How a box or an edge is coloured, by how much it has to do. */
enum drawing_shade { SHADE_NONE, SHADE_IDLE, SHADE_LIGHT, SHADE_BUSY, SHADE_FULL };

struct drawing_box {
    char lines[DRAWING_LINES_MAX][DRAWING_TEXT_MAX]; /* the first is its name */
    uint32_t n_lines;
    enum drawing_shade shade;
    int marked; /* 1: it is the one to look at */
};

struct drawing_edge {
    uint32_t from, to;
    char out[DRAWING_TEXT_MAX]; /* where it leaves; "": the usual port, and nothing is written */
    char in[DRAWING_TEXT_MAX];  /* where it arrives */
    int is_dashed;              /* frames may be lost on it */
    enum drawing_shade shade;
};

struct drawing {
    char title[DRAWING_TEXT_MAX];
    uint32_t n_boxes, n_edges;
    struct drawing_box boxes[DRAWING_BOXES_MAX];
    struct drawing_edge edges[DRAWING_EDGES_MAX];
};

/* The number of the new box, -1: it is full. Texts may have any bytes, and are cut. */
int drawing_add_box(struct drawing *d, const char *name);
__attribute__((format(printf, 3, 4))) void drawing_add_line(struct drawing *d, int box, const char *format, ...);

/* NULL: it is full, or it would not lead downwards. */
struct drawing_edge *drawing_add_edge(struct drawing *d, uint32_t from, uint32_t to, const char *out, const char *in);

/* What the terminal can show. */
enum { TEXT_UNICODE = 1, TEXT_COLOURS = 2 };

/* 0 or -ENOMEM. */
int drawing_print_text(const struct drawing *d, unsigned abilities, FILE *out);
void drawing_print_dot(const struct drawing *d, FILE *out);
void drawing_print_mermaid(const struct drawing *d, FILE *out);

#endif
