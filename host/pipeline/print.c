#include "print.h"

#include <inttypes.h>
#include <micropipe/option.h>
#include <string.h>

#include "canonical.h"
#include "region.h"
#include "settings.h"

enum { OF_PIPELINE = 0, OF_STAGE = 8, OF_OPTIONS = 12 }; /* indents */

struct printer {
    const struct pipeline *pipeline;
    enum print_defaults which;
    FILE *to;
    struct region region; /* for texts */
};

static void put_string(struct printer *p, const char *text)
{
    fputc('"', p->to);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            fprintf(p->to, "\\%c", *text);
        else if (*text == '\n')
            fputs("\\n", p->to);
        else if (*text == '\t')
            fputs("\\t", p->to);
        else if ((unsigned char)*text < 0x20 || *text == 0x7f)
            fprintf(p->to, "\\x%02x", (unsigned)(unsigned char)*text);
        else
            fputc(*text, p->to);
    }
    fputc('"', p->to);
}

enum { COMMENT_WIDTH = 100 }; /* beyond it the facts have a line of their own */

/* Up to where a plugin's text does not end the comment that it stands in. */
static int line_length(const char *text)
{
    return (int)strcspn(text, "\n\r");
}

/* "# What it means. (size, 2M to 16T bytes; default: 256M)" */
static void put_comment(struct printer *p, int indent, const char *doc, const char *facts)
{
    int long_line = indent + line_length(doc) + line_length(facts) > COMMENT_WIDTH;
    fprintf(p->to, "%*s# %.*s", indent, "", line_length(doc), doc);
    if (long_line)
        fprintf(p->to, "\n%*s#", indent, "");
    fprintf(p->to, " (%.*s)\n", line_length(facts), facts);
}

static const char *choices_text(struct printer *p, const char *const *choices, uint32_t n)
{
    const char *text = "";
    for (uint32_t i = 0; i < n && choices[i]; i++)
        text = region_format(&p->region, "%s%s%s", text, i ? " | " : ": ", choices[i]);
    return text;
}

static const char *range_text(struct printer *p, const char *min, const char *max, const char *unit)
{
    const char *text = min && max ? region_format(&p->region, ", %s to %s", min, max)
                       : min      ? region_format(&p->region, ", at least %s", min)
                       : max      ? region_format(&p->region, ", at most %s", max)
                                  : "";
    return unit ? region_format(&p->region, "%s%s%s", text, *text ? " " : ", ", unit) : text;
}

static const char *default_text(struct printer *p, uint32_t flags, const char *fallback)
{
    if (flags & MPIPE_REQUIRED)
        return "; required";
    return fallback && *fallback ? region_format(&p->region, "; default: %s", fallback) : "";
}

/* The comment above a setting. */
static void put_setting_doc(struct printer *p, int indent, const struct setting *s)
{
    if (p->which != PRINT_ALL)
        return;
    const char *facts = region_format(
        &p->region, "%s%s%s%s", s->form, s->choices ? choices_text(p, s->choices, UINT32_MAX) : "",
        range_text(p, s->min, s->max, s->unit), default_text(p, s->flags, s->otherwise ? s->otherwise : s->fallback));
    put_comment(p, indent, s->doc, facts);
}

static void put_option_doc(struct printer *p, const struct option_description *o)
{
    if (p->which != PRINT_ALL)
        return;
    const char *type = value_type_name(o->type);
    const char *facts = region_format(&p->region, "%s%s%s%s", type ? type : "?",
                                      choices_text(p, (const char *const *)o->choices, o->n_choices),
                                      range_text(p, o->min, o->max, o->unit), default_text(p, o->flags, o->fallback));
    put_comment(p, OF_OPTIONS, o->doc ? o->doc : "", facts);
}

/* True if a setting is to be printed. */
static int wanted(const struct printer *p, uint32_t set, unsigned which)
{
    return p->which == PRINT_ALL || set & 1u << which;
}

static void put_text_setting(struct printer *p, int indent, const struct setting *s, const char *text)
{
    put_setting_doc(p, indent, s);
    fprintf(p->to, "%*s%s = ", indent, "", s->key);
    put_string(p, text ? text : "");
    fputs(";\n", p->to);
}

static void put_plain_setting(struct printer *p, int indent, const struct setting *s, const char *text)
{
    put_setting_doc(p, indent, s);
    fprintf(p->to, "%*s%s = %s;\n", indent, "", s->key, text);
}

/* What holds then is in the comment above, and there is no value that says it. */
static void put_not_set(struct printer *p, int indent, const struct setting *s)
{
    put_setting_doc(p, indent, s);
    fprintf(p->to, "%*s# %s is not set\n", indent, "", s->key);
}

static const char *measure(struct printer *p, uint32_t type, uint64_t n)
{
    struct value v = {(int64_t)n, (double)n};
    return canonical_text(type, &v, &p->region);
}

/* An integer beyond 32 bits needs an L behind it, and in an array all elements are of one type. */
static int needs_l(const char *text)
{
    struct value v;
    return value_parse(MPIPE_INT, text, &v) == 0 && (v.integer > INT32_MAX || v.integer < INT32_MIN);
}

static void put_plain(struct printer *p, uint32_t type, const char *text, const char *suffix)
{
    if (type == MPIPE_INT)
        fprintf(p->to, "%s%s", text, suffix);
    else if (type == MPIPE_BOOL || type == MPIPE_FLOAT)
        fputs(text, p->to);
    else
        put_string(p, text);
}

static void put_value(struct printer *p, const struct option_value *v)
{
    uint32_t type = v->option->type & ~(uint32_t)MPIPE_LIST;
    int is_long = 0;
    if (!(v->option->type & MPIPE_LIST)) {
        put_plain(p, type, v->text, needs_l(v->text) ? "L" : "");
        return;
    }
    for (uint32_t i = 0; i < v->n_items; i++)
        is_long |= needs_l(v->items[i]);
    fputs("[ ", p->to);
    for (uint32_t i = 0; i < v->n_items; i++) {
        fputs(i ? ", " : "", p->to);
        put_plain(p, type, v->items[i], is_long ? "L" : "");
    }
    fputs(v->n_items > 0 ? " ]" : "]", p->to);
}

static void put_option(struct printer *p, const struct option_value *v)
{
    put_option_doc(p, v->option);
    if (v->option->flags & MPIPE_SECRET) {
        fprintf(p->to, "%*s# %s is secret: its value is not printed\n", OF_OPTIONS, "", v->option->name);
        return;
    }
    fprintf(p->to, "%*s%s = ", OF_OPTIONS, "", v->option->name);
    put_value(p, v);
    fputs(";\n", p->to);
}

/* What is deprecated is not to be set by whoever takes this for a start. */
static int option_wanted(const struct printer *p, const struct option_value *v)
{
    return v->is_set || (p->which == PRINT_ALL && !(v->option->flags & MPIPE_DEPRECATED));
}

static void put_options(struct printer *p, const struct stage *s)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < s->description->n_options; i++)
        n += option_wanted(p, &s->options[i]) ? 1 : 0;
    if (n == 0)
        return;
    put_setting_doc(p, OF_STAGE, &stage_settings[STAGE_OPTIONS]);
    fprintf(p->to, "%*soptions = {\n", OF_STAGE, "");
    for (uint32_t i = 0; i < s->description->n_options; i++)
        if (option_wanted(p, &s->options[i]))
            put_option(p, &s->options[i]);
    fprintf(p->to, "%*s};\n", OF_STAGE, "");
}

/* Writes the edges into a stage to `into`, which has room for all. Returns how many. */
static uint32_t edges_into(const struct pipeline *p, uint32_t stage, const struct edge **into)
{
    uint32_t n = 0;
    for (uint32_t e = 0; e < p->n_edges; e++)
        if (p->edges[e].to == stage)
            into[n++] = &p->edges[e];
    return n;
}

static void put_input(struct printer *p, const struct edge *e, int as_group, enum when_full usual)
{
    const struct stage *from = &p->pipeline->stages[e->from], *to = &p->pipeline->stages[e->to];
    const char *name = from->name;
    if (e->from_port > 0)
        name = region_format(&p->region, "%s.%s", name, from->description->outputs[e->from_port].name);
    if (!as_group) {
        put_string(p, name);
        return;
    }
    fputs("{ from = ", p->to);
    put_string(p, name);
    fputs(";", p->to);
    if (e->to_port > 0)
        fprintf(p->to, " port = \"%s\";", to->description->inputs[e->to_port].name);
    if (e->when_full != usual)
        fprintf(p->to, " when_full = \"%s\";", stage_settings[STAGE_WHEN_FULL].choices[e->when_full]);
    fputs(" }", p->to);
}

static void put_input_list(struct printer *p, const struct edge *const *edges, uint32_t n, enum when_full usual)
{
    int plain = 1;
    for (uint32_t i = 0; i < n; i++)
        plain = plain && edges[i]->to_port == 0 && edges[i]->when_full == usual;
    put_setting_doc(p, OF_STAGE, &stage_settings[STAGE_INPUTS]);
    fprintf(p->to, "%*sinputs = %s ", OF_STAGE, "", plain ? "[" : "(");
    for (uint32_t i = 0; i < n; i++) {
        fputs(i ? ", " : "", p->to);
        put_input(p, edges[i], !plain && (edges[i]->to_port > 0 || edges[i]->when_full != usual), usual);
    }
    fprintf(p->to, " %s;\n", plain ? "]" : ")");
}

/* A stage keeps when_full by edge: if all of its edges drop, that is the stage's own. */
static void put_inputs(struct printer *p, uint32_t index)
{
    const struct edge *edges[PIPELINE_EDGES_MAX];
    const struct stage *s = &p->pipeline->stages[index];
    uint32_t n = edges_into(p->pipeline, index, edges), drops = 0;
    for (uint32_t i = 0; i < n; i++)
        drops += edges[i]->when_full == WHEN_FULL_DROP ? 1 : 0;
    enum when_full usual = n > 0 && drops == n ? WHEN_FULL_DROP : WHEN_FULL_BLOCK;
    int is_default = n == 1 && edges[0]->from + 1 == index && edges[0]->from_port == 0 && edges[0]->to_port == 0;
    if (wanted(p, s->set, STAGE_INPUTS) || !is_default)
        put_input_list(p, edges, n, usual);
    if (p->which == PRINT_ALL || usual == WHEN_FULL_DROP)
        put_text_setting(p, OF_STAGE, &stage_settings[STAGE_WHEN_FULL], stage_settings[STAGE_WHEN_FULL].choices[usual]);
}

static void put_workers(struct printer *p, const struct stage *s)
{
    if (!wanted(p, s->set, STAGE_WORKERS))
        return;
    const char *text = s->workers_auto && s->workers_min == 1 ? "\"auto\""
                       : s->workers_auto ? region_format(&p->region, "{ min = %u; }", s->workers_min)
                       : s->workers_min == s->workers_max
                           ? region_format(&p->region, "%u", s->workers_min)
                           : region_format(&p->region, "{ min = %u; max = %u; }", s->workers_min, s->workers_max);
    put_plain_setting(p, OF_STAGE, &stage_settings[STAGE_WORKERS], text);
}

static void put_flow(struct printer *p, const struct stage *s)
{
    if (wanted(p, s->set, STAGE_ORDERED) || s->ordered)
        put_plain_setting(p, OF_STAGE, &stage_settings[STAGE_ORDERED], s->ordered ? "true" : "false");
    if (wanted(p, s->set, STAGE_ON_ERROR))
        put_text_setting(p, OF_STAGE, &stage_settings[STAGE_ON_ERROR],
                         stage_settings[STAGE_ON_ERROR].choices[s->on_error]);
    if (wanted(p, s->set, STAGE_MAX_ATTEMPTS))
        put_plain_setting(p, OF_STAGE, &stage_settings[STAGE_MAX_ATTEMPTS],
                          region_format(&p->region, "%u", s->max_attempts));
    if (wanted(p, s->set, STAGE_TIMEOUT))
        put_text_setting(p, OF_STAGE, &stage_settings[STAGE_TIMEOUT], measure(p, MPIPE_TIME, s->timeout_ns));
    if (wanted(p, s->set, STAGE_MEMORY))
        put_text_setting(p, OF_STAGE, &stage_settings[STAGE_MEMORY], measure(p, MPIPE_SIZE, s->memory));
    if (wanted(p, s->set, STAGE_QUEUE) && !s->is_source)
        put_plain_setting(p, OF_STAGE, &stage_settings[STAGE_QUEUE], region_format(&p->region, "%u", s->queue));
    if (wanted(p, s->set, STAGE_SANDBOX))
        put_text_setting(p, OF_STAGE, &stage_settings[STAGE_SANDBOX],
                         stage_settings[STAGE_SANDBOX].choices[s->sandbox]);
}

static void put_stage(struct printer *p, uint32_t index)
{
    const struct stage *s = &p->pipeline->stages[index];
    fputs("    {\n", p->to);
    put_text_setting(p, OF_STAGE, &stage_settings[STAGE_NAME], s->name);
    put_text_setting(p, OF_STAGE, &stage_settings[STAGE_PROCESSOR], s->processor);
    put_options(p, s);
    if (!s->is_source)
        put_inputs(p, index);
    put_workers(p, s);
    put_flow(p, s);
    fputs("    }", p->to);
}

static void put_pipeline_settings(struct printer *p)
{
    const struct pipeline *l = p->pipeline;
    const struct setting *table = pipeline_settings;
    put_text_setting(p, OF_PIPELINE, &table[PIPELINE_NAME], l->name);
    if (wanted(p, l->set, PIPELINE_MEMORY))
        put_text_setting(p, OF_PIPELINE, &table[PIPELINE_MEMORY], measure(p, MPIPE_SIZE, l->memory));
    if (wanted(p, l->set, PIPELINE_WORKERS_MEMORY) && !l->workers_memory)
        put_not_set(p, OF_PIPELINE, &table[PIPELINE_WORKERS_MEMORY]);
    else if (wanted(p, l->set, PIPELINE_WORKERS_MEMORY))
        put_text_setting(p, OF_PIPELINE, &table[PIPELINE_WORKERS_MEMORY], measure(p, MPIPE_SIZE, l->workers_memory));
    if (wanted(p, l->set, PIPELINE_CPUS) && !l->cpus)
        put_not_set(p, OF_PIPELINE, &table[PIPELINE_CPUS]);
    else if (wanted(p, l->set, PIPELINE_CPUS))
        put_plain_setting(p, OF_PIPELINE, &table[PIPELINE_CPUS], region_format(&p->region, "%u", l->cpus));
    if (wanted(p, l->set, PIPELINE_HUGE_PAGES))
        put_text_setting(p, OF_PIPELINE, &table[PIPELINE_HUGE_PAGES],
                         table[PIPELINE_HUGE_PAGES].choices[l->huge_pages]);
    if (wanted(p, l->set, PIPELINE_DEAD_LETTERS))
        put_text_setting(p, OF_PIPELINE, &table[PIPELINE_DEAD_LETTERS], l->dead_letters);
    if (wanted(p, l->set, PIPELINE_START_TIMEOUT))
        put_text_setting(p, OF_PIPELINE, &table[PIPELINE_START_TIMEOUT], measure(p, MPIPE_TIME, l->start_timeout_ns));
    if (wanted(p, l->set, PIPELINE_DRAIN_TIMEOUT))
        put_text_setting(p, OF_PIPELINE, &table[PIPELINE_DRAIN_TIMEOUT], measure(p, MPIPE_TIME, l->drain_timeout_ns));
    if (p->which == PRINT_ALL) /* else each stage says it of itself */
        put_plain_setting(p, OF_PIPELINE, &table[PIPELINE_ORDERED], "false");
    if (wanted(p, l->set, PIPELINE_PLUGIN_PATH))
        put_text_setting(p, OF_PIPELINE, &table[PIPELINE_PLUGIN_PATH], l->plugin_path);
    if (wanted(p, l->set, PIPELINE_HTTP))
        put_text_setting(p, OF_PIPELINE, &table[PIPELINE_HTTP], l->http);
    if (l->http_token)
        fprintf(p->to, "# %s is secret: its value is not printed\n", table[PIPELINE_HTTP_TOKEN].key);
    else if (p->which == PRINT_ALL)
        put_text_setting(p, OF_PIPELINE, &table[PIPELINE_HTTP_TOKEN], "");
}

void pipeline_print(const struct pipeline *pipeline, enum print_defaults which, FILE *to)
{
    struct printer p = {pipeline, which, to, {NULL}};
    put_pipeline_settings(&p);
    put_setting_doc(&p, OF_PIPELINE, &pipeline_settings[PIPELINE_STAGES]);
    fputs("stages = (\n", to);
    for (uint32_t i = 0; i < pipeline->n_stages; i++) {
        put_stage(&p, i);
        fputs(i + 1 < pipeline->n_stages ? ",\n" : "\n", to);
    }
    fputs(");\n", to);
    region_free(&p.region);
}
