/* A drawing in Graphviz's language. */
#include "drawing.h"

static const char *const fills[] = {[SHADE_NONE] = "white",
                                    [SHADE_IDLE] = "gray92",
                                    [SHADE_LIGHT] = "palegreen",
                                    [SHADE_BUSY] = "gold",
                                    [SHADE_FULL] = "salmon"};
static const char *const strokes[] = {[SHADE_NONE] = "black",
                                      [SHADE_IDLE] = "gray60",
                                      [SHADE_LIGHT] = "forestgreen",
                                      [SHADE_BUSY] = "darkorange",
                                      [SHADE_FULL] = "red3"};

/* Inside of quotes. What would end them, or make a line of its own, does not. */
static void print_escaped(const char *text, FILE *out)
{
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            fputc('\\', out);
        fputc((unsigned char)*text < 0x20 || *text == 0x7f ? ' ' : *text, out);
    }
}

static void print_box(const struct drawing *d, uint32_t i, FILE *out)
{
    const struct drawing_box *b = &d->boxes[i];
    fprintf(out, "  s%u [label=\"", i);
    for (uint32_t k = 0; k < b->n_lines; k++) {
        fputs(k ? "\\n" : "", out);
        print_escaped(b->lines[k], out);
    }
    fprintf(out, "\", fillcolor=\"%s\"", fills[b->shade]);
    fprintf(out, b->marked ? ", peripheries=2, penwidth=2];\n" : "];\n");
}

static void print_edge(const struct drawing_edge *e, FILE *out)
{
    fprintf(out, "  s%u -> s%u [color=\"%s\"", e->from, e->to, strokes[e->shade]);
    if (*e->out || *e->in) {
        fprintf(out, ", label=\" ");
        print_escaped(e->out, out);
        fputs(*e->out && *e->in ? "\\n " : "", out);
        print_escaped(e->in, out);
        fputc('"', out);
    }
    fprintf(out, e->is_dashed ? ", style=dashed];\n" : "];\n");
}

void drawing_print_dot(const struct drawing *d, FILE *out)
{
    fprintf(out, "digraph \"");
    print_escaped(d->title, out);
    fprintf(out,
            "\" {\n"
            "  graph [rankdir=TB, fontname=\"sans-serif\"];\n"
            "  node [shape=box, style=\"filled,rounded\", fillcolor=white, fontname=\"sans-serif\", fontsize=11];\n"
            "  edge [fontname=\"sans-serif\", fontsize=10];\n");
    for (uint32_t i = 0; i < d->n_boxes; i++)
        print_box(d, i, out);
    for (uint32_t i = 0; i < d->n_edges; i++)
        print_edge(&d->edges[i], out);
    fprintf(out, "}\n");
}
