/* A drawing in Mermaid's language, as wikis and code hosting sites show it. */
#include "drawing.h"

static const char *const classes[] = {
    [SHADE_NONE] = NULL, [SHADE_IDLE] = "idle", [SHADE_LIGHT] = "light", [SHADE_BUSY] = "busy", [SHADE_FULL] = "full"};

/* Inside of quotes: what Mermaid or the page that it stands in would read as more than text is an entity. */
static void print_escaped(const char *text, FILE *out)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"')
            fputs("#quot;", out);
        else if (c == '<')
            fputs("#lt;", out);
        else if (c == '>')
            fputs("#gt;", out);
        else if (c == '#' || c == '&' || c == '`' || c == '|')
            fprintf(out, "#%u;", c);
        else
            fputc(c < 0x20 || c == 0x7f ? ' ' : c, out);
    }
}

static void print_box(const struct drawing *d, uint32_t i, FILE *out)
{
    const struct drawing_box *b = &d->boxes[i];
    fprintf(out, b->marked ? "  s%u[[\"" : "  s%u[\"", i);
    for (uint32_t k = 0; k < b->n_lines; k++) {
        fputs(k ? "<br/>" : "", out);
        print_escaped(b->lines[k], out);
    }
    fprintf(out, b->marked ? "\"]]" : "\"]");
    if (classes[b->shade])
        fprintf(out, ":::%s", classes[b->shade]);
    fputc('\n', out);
}

static void print_edge(const struct drawing_edge *e, FILE *out)
{
    fprintf(out, "  s%u %s", e->from, e->is_dashed ? "-.->" : "-->");
    if (*e->out || *e->in) {
        fprintf(out, "|\"");
        print_escaped(e->out, out);
        fputs(*e->out && *e->in ? "<br/>" : "", out);
        print_escaped(e->in, out);
        fprintf(out, "\"|");
    }
    fprintf(out, " s%u\n", e->to);
}

void drawing_print_mermaid(const struct drawing *d, FILE *out)
{
    int is_shaded = 0;
    fprintf(out, "flowchart TB\n");
    for (uint32_t i = 0; i < d->n_boxes; i++) {
        print_box(d, i, out);
        is_shaded |= classes[d->boxes[i].shade] != NULL;
    }
    for (uint32_t i = 0; i < d->n_edges; i++)
        print_edge(&d->edges[i], out);
    if (is_shaded)
        fprintf(out, "  classDef idle fill:#eeeeee,stroke:#999999,color:#666666\n"
                     "  classDef light fill:#c8f0c8,stroke:#2a7d2a,color:#103010\n"
                     "  classDef busy fill:#ffe08a,stroke:#b97a00,color:#402a00\n"
                     "  classDef full fill:#ffb0a0,stroke:#c02010,color:#400800\n");
}
