#include "oneline.h"

#include <string.h>

#include "settings.h"

/* A byte of a word: what it is after quotes are gone, and where it stood. */
struct letter {
    char byte;
    char quoted; /* 1: in quotes or behind a backslash, so it separates nothing */
    int column;
};

/* Between blanks and bars. */
struct word {
    struct letter *letters;
    size_t n;
    int column; /* of its first byte, which may be a quote */
};

struct line_parser {
    const char *text, *next;
    const struct source_line *line;
    struct region *region;
    struct complaints *complaints;
};

static struct position place(const struct line_parser *p, int column)
{
    return (struct position){p->line, column};
}

static int column_here(const struct line_parser *p)
{
    return (int)(p->next - p->text) + 1;
}

static int is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void skip_blanks(struct line_parser *p)
{
    while (is_blank(*p->next))
        p->next++;
}

static void take_letter(struct line_parser *p, struct word *w, char quoted)
{
    w->letters[w->n++] = (struct letter){*p->next, quoted, column_here(p)};
    p->next++;
}

/* From the opening quote to behind the closing one. -1 after a complaint. In "..." a backslash takes the meaning of "
 * and \ */
static int take_quoted(struct line_parser *p, struct word *w)
{
    int start = column_here(p);
    char quote = *p->next++;
    while (*p->next && *p->next != quote) {
        if (quote == '"' && *p->next == '\\' && (p->next[1] == '"' || p->next[1] == '\\'))
            p->next++;
        take_letter(p, w, 1);
    }
    if (!*p->next) {
        complaint_add(p->complaints, place(p, start), "this %c has no partner", quote);
        return -1;
    }
    p->next++;
    return 0;
}

/* The next word, which is there. -1 after a complaint. */
static int take_word(struct line_parser *p, struct word *w)
{
    *w = (struct word){.letters = region_alloc(p->region, (strlen(p->next) + 1) * sizeof *w->letters),
                       .column = column_here(p)};
    while (*p->next && !is_blank(*p->next) && *p->next != '|') {
        if (*p->next == '\'' || *p->next == '"') {
            if (take_quoted(p, w))
                return -1;
        } else if (*p->next == '\\' && p->next[1]) {
            p->next++;
            take_letter(p, w, 1);
        } else
            take_letter(p, w, 0);
    }
    return 0;
}

static char *word_text(const struct line_parser *p, const struct word *w, size_t from, size_t to)
{
    char *text = region_alloc(p->region, to - from + 1);
    for (size_t i = from; i < to; i++)
        text[i - from] = w->letters[i].byte;
    return text;
}

/* Index of the first such byte that is not quoted, from `from` on; w->n: there is none. */
static size_t find_letter(const struct word *w, size_t from, char byte)
{
    while (from < w->n && (w->letters[from].byte != byte || w->letters[from].quoted))
        from++;
    return from;
}

static int column_of(const struct word *w, size_t letter)
{
    return letter < w->n ? w->letters[letter].column : w->n > 0 ? w->letters[w->n - 1].column + 1 : w->column;
}

/* The value that starts at a letter: with its parts between commas as children. */
static struct node *value_node(struct line_parser *p, const struct word *w, size_t from, const char *key,
                               int key_column)
{
    struct position at = place(p, column_of(w, from));
    struct node *value = node_create(p->region, NODE_WORD, key, place(p, key_column), at);
    value->text = word_text(p, w, from, w->n);
    if (from == w->n)
        return value; /* an empty list, not one with an empty element */
    for (size_t end; from <= w->n; from = end + 1) {
        struct position part_at = place(p, column_of(w, from));
        struct node *part = node_create(p->region, NODE_WORD, NULL, part_at, part_at);
        end = find_letter(w, from, ',');
        part->text = word_text(p, w, from, end);
        node_add(value, part);
    }
    return value;
}

/* name=value goes to the options, :name=value to the stage. */
static void add_assignment(struct line_parser *p, const struct word *w, struct node *stage, struct node *options)
{
    int of_stage = w->letters[0].byte == ':' && !w->letters[0].quoted;
    size_t start = of_stage ? 1 : 0, equals = find_letter(w, 0, '=');
    const char *key = word_text(p, w, start, equals < start ? start : equals);
    const char *what = of_stage ? "the setting" : "option";
    struct node *group = of_stage ? stage : options;
    if (equals == w->n || !*key) {
        const char *found = word_text(p, w, 0, w->n);
        int is_quoted_whole = !of_stage && strchr(found, '=') && found[0] != '=';
        complaint_add(p->complaints, place(p, w->column), "expected name=value or :setting=value, but found '%s'%s",
                      found, is_quoted_whole ? ": quote the value alone, as name=\"a value\"" : "");
        return;
    }
    if (node_child(group, key)) {
        complaint_add(p->complaints, place(p, w->column), "%s '%s' is set twice", what, key);
        return;
    }
    node_add(group, value_node(p, w, equals + 1, key, column_of(w, start)));
}

/* The first word of a stage: its processor. */
static void add_processor(struct line_parser *p, const struct word *w, struct node *stage)
{
    if (w->n == 0 || w->letters[0].byte == ':' || find_letter(w, 0, '=') < w->n)
        complaint_add(p->complaints, place(p, w->column), "expected a processor, as files.read, but found '%s'",
                      word_text(p, w, 0, w->n));
    node_add(stage, value_node(p, w, 0, stage_settings[STAGE_PROCESSOR].key, w->column));
}

/* Up to the next bar or the end. -1 after a complaint that leaves nothing to go on with. */
static int add_stage(struct line_parser *p, struct node *stages)
{
    skip_blanks(p);
    struct position at = place(p, column_here(p));
    struct node *stage = node_create(p->region, NODE_GROUP, NULL, at, at);
    struct node *options = node_create(p->region, NODE_GROUP, stage_settings[STAGE_OPTIONS].key, at, at);
    if (!*p->next || *p->next == '|') {
        complaint_add(p->complaints, at, "a processor is missing %s", *p->next ? "before this '|'" : "at the end");
        return 0;
    }
    for (int first = 1; *p->next && *p->next != '|'; first = 0, skip_blanks(p)) {
        struct word w;
        if (take_word(p, &w))
            return -1;
        if (first)
            add_processor(p, &w, stage);
        else if (w.n > 0)
            add_assignment(p, &w, stage, options);
    }
    if (options->first)
        node_add(stage, options);
    node_add(stages, stage);
    return 0;
}

struct node *oneline_read(const struct source *line, struct region *region, struct complaints *complaints)
{
    struct line_parser p = {line->text, line->text, &line->lines[0], region, complaints};
    size_t before = complaints->n;
    struct position at = {p.line, 1};
    struct node *root = node_create(region, NODE_GROUP, NULL, at, at);
    struct node *stages = node_create(region, NODE_LIST, pipeline_settings[PIPELINE_STAGES].key, at, at);
    node_add(root, stages);
    skip_blanks(&p);
    if (!*p.next) {
        complaint_add(complaints, at,
                      "the pipeline is empty: write processors with bars between them, as "
                      "'files.read path=in | files.write path=out'");
        return NULL;
    }
    while (add_stage(&p, stages) == 0) {
        if (!*p.next)
            return complaints->n > before ? NULL : root;
        p.next++;
    }
    return NULL;
}
