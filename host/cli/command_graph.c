#include "command_graph.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "client.h"
#include "configuration.h"
#include "graph_drawing.h"
#include "graphviz.h"
#include "log.h"
#include "nearest.h"

enum { FORMAT = CONFIGURATION_ARGUMENTS, LIVE, GRAPH_ARGUMENTS };

static const struct argument table[] = {
    CONFIGURATION_TABLE,
    [FORMAT] = {.name = "format",
                .takes = "FORMAT",
                .help =
                    "ascii (default): for a terminal; dot: for Graphviz; svg: what Graphviz makes of that, where it is "
                    "installed; mermaid: for wikis and web pages."},
    [LIVE] = {.name = "live",
              .help = "Of a running pipeline: what each stage does just now, coloured by load, and the bottleneck."},
};

static const struct command command = {
    .name = "graph",
    .operands = "FILE|NAME",
    .operands_instead = "-e PIPELINE",
    .operands_max = 1,
    .summary =
        "Draws the stages of a pipeline and what leads from one to the other: of a configuration, or of a running "
        "pipeline by its NAME. Dashed: an edge on which frames are dropped when the queue is full.",
    .arguments = table,
    .n = GRAPH_ARGUMENTS,
};

enum format { FORMAT_ASCII, FORMAT_DOT, FORMAT_SVG, FORMAT_MERMAID };

static int read_format(const struct arguments *a, enum format *out, FILE *err)
{
    static const char *const names[] = {"ascii", "dot", "svg", "mermaid"}; /* as enum format */
    const char *wanted = a->values[FORMAT] ? a->values[FORMAT] : names[0];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(names[i], wanted) == 0) {
            *out = (enum format)i;
            return EXIT_OK;
        }
    const char *nearest = nearest_name(wanted, names, sizeof names / sizeof names[0]);
    return arguments_wrong(&command, err, "'%s' is no format: ascii, dot, svg or mermaid%s%s%s", wanted,
                           nearest ? " (did you mean '" : "", nearest ? nearest : "", nearest ? "'?)" : "");
}

static unsigned abilities_of(FILE *out)
{
    locale_t locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
    int is_unicode = locale && strcmp(nl_langinfo_l(CODESET, locale), "UTF-8") == 0;
    const char *no_colour = getenv("NO_COLOR");
    if (locale)
        freelocale(locale);
    return (is_unicode ? TEXT_UNICODE : 0u) |
           (log_is_terminal(fileno(out)) && !(no_colour && *no_colour) ? TEXT_COLOURS : 0u);
}

static int no_memory(FILE *err)
{
    fprintf(err, "micropipe graph: there is no memory left to draw it\n");
    return EXIT_SYSTEM;
}

/* Where dot is missing or fails, its text is worth more than nothing. */
static int print_svg(const struct drawing *d, FILE *out, FILE *err)
{
    AUTO_FREE char *dot = NULL;
    AUTO_FREE char *svg = NULL;
    size_t dot_size = 0, svg_size = 0;
    FILE *text = open_memstream(&dot, &dot_size);
    if (!text)
        return no_memory(err);
    drawing_print_dot(d, text);
    if (fclose(text) != 0)
        return no_memory(err);
    int error = graphviz_svg(dot, dot_size, &svg, &svg_size);
    if (!error) {
        fwrite(svg, 1, svg_size, out);
        return EXIT_OK;
    }
    if (error == -ENOENT)
        fprintf(err,
                "micropipe graph: an SVG needs Graphviz, which is not installed (on Debian: apt-get install graphviz): "
                "this is the text for its program dot\n");
    else
        fprintf(err, "micropipe graph: Graphviz's dot failed (%s): this is the text that it was given\n",
                error == -EIO ? "its own words are above" : strerror(-error));
    fwrite(dot, 1, dot_size, out);
    return EXIT_OK;
}

static int print(const struct drawing *d, enum format format, FILE *out, FILE *err)
{
    if (format == FORMAT_SVG)
        return print_svg(d, out, err);
    if (format == FORMAT_DOT)
        drawing_print_dot(d, out);
    else if (format == FORMAT_MERMAID)
        drawing_print_mermaid(d, out);
    else if (drawing_print_text(d, abilities_of(out), out) != 0)
        return no_memory(err);
    return EXIT_OK;
}

static int draw_file(const struct arguments *a, struct drawing *d, FILE *err)
{
    struct configuration c;
    int result = configuration_load(&command, a, err, &c);
    if (c.complaints.n)
        configuration_print_mistakes(&c, err);
    else if (!result)
        graph_draw_pipeline(d, c.pipeline);
    configuration_clear(&c);
    return result;
}

static int draw_running(const struct arguments *a, struct drawing *d, FILE *err)
{
    const char *name = a->operands[0];
    char why[400] = "";
    json_t *answer = client_ask(name, json_pack("{ss}", "command", "status"), why, sizeof why);
    if (!answer) {
        if (a->values[LIVE])
            fprintf(err, "micropipe graph: %s\n", why);
        else
            fprintf(err, "micropipe graph: there is no file '%s', and %s\n", name, why);
        return EXIT_SYSTEM;
    }
    graph_draw_status(d, answer, a->values[LIVE] ? LOAD_SHOWN : LOAD_HIDDEN);
    json_decref(answer);
    return EXIT_OK;
}

/* A folder is none: folders have names as pipelines have. */
static int is_file(const char *name)
{
    struct stat s;
    return strchr(name, '/') || (stat(name, &s) == 0 && !S_ISDIR(s.st_mode));
}

static int draw(const struct arguments *a, FILE *out, FILE *err)
{
    enum format format = FORMAT_ASCII;
    int result = read_format(a, &format, err);
    if (result)
        return result;
    int has_name = a->n_operands == 1 && !a->values[ARGUMENT_LINE];
    if (a->values[LIVE] && !has_name)
        return arguments_wrong(&command, err, "--live is of a running pipeline: give its name");
    struct drawing *d = calloc(1, sizeof *d);
    if (!d)
        return no_memory(err);
    result = has_name && (a->values[LIVE] || !is_file(a->operands[0])) ? draw_running(a, d, err) : draw_file(a, d, err);
    if (!result)
        result = print(d, format, out, err);
    free(d);
    return result;
}

int command_graph(int argc, char **argv, FILE *out, FILE *err)
{
    return arguments_run(&command, argc, argv, draw, out, err);
}
