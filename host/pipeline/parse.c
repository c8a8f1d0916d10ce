#include "parse.h"

#include <errno.h>
#include <libconfig.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "checker.h"
#include "needed.h"
#include "node.h"
#include "oneline.h"
#include "override.h"
#include "region.h"
#include "settings.h"
#include "source.h"
#include "syntax.h"
#include "token.h"

enum { OVERRIDE_ORDER = 1 << 30 }; /* overrides are complained of last */

/* What is read, and the memory for it: all of it dies with the parse. */
struct reading {
    struct region region;
    struct complaints *complaints;
    struct node *root;
};

/* libconfig's tree and the places of what is in it, which have the same order. */
struct walk {
    struct region *region;
    struct marks marks;
    size_t next;
};

static struct node *node_of_setting(struct walk *w, const config_setting_t *s);

static enum node_type type_of(const config_setting_t *s)
{
    switch (config_setting_type(s)) {
    case CONFIG_TYPE_GROUP:
        return NODE_GROUP;
    case CONFIG_TYPE_INT:
    case CONFIG_TYPE_INT64:
        return NODE_INTEGER;
    case CONFIG_TYPE_FLOAT:
        return NODE_FLOAT;
    case CONFIG_TYPE_BOOL:
        return NODE_BOOL;
    case CONFIG_TYPE_STRING:
        return NODE_STRING;
    default:
        return NODE_LIST;
    }
}

/* The text of a plain value. A number's is the file's: libconfig cuts what has more than 32 bits. */
static const char *plain_text(struct walk *w, const config_setting_t *s, const struct token *t)
{
    size_t length = t->length;
    switch (type_of(s)) {
    case NODE_STRING:
        return region_text(w->region, config_setting_get_string(s));
    case NODE_BOOL:
        return config_setting_get_bool(s) ? "true" : "false";
    default:
        while (length > 0 && t->text[length - 1] == 'L')
            length--;
        return region_copy(w->region, t->text, length);
    }
}

static void add_children(struct walk *w, struct node *parent, const config_setting_t *s)
{
    for (int i = 0; i < config_setting_length(s); i++)
        node_add(parent, node_of_setting(w, config_setting_get_elem(s, (unsigned)i)));
}

static struct node *node_of_setting(struct walk *w, const config_setting_t *s)
{
    CHECK(w->next < w->marks.n); /* syntax_check() and libconfig have read the same text, with the same grammar */
    const struct mark *mark = &w->marks.list[w->next++];
    const struct token *first = mark->key ? mark->key : mark->value;
    struct node *n =
        node_create(w->region, type_of(s), region_text(w->region, config_setting_name(s)), first->at, mark->value->at);
    if (config_setting_is_aggregate(s))
        add_children(w, n, s);
    else
        n->text = plain_text(w, s, mark->value);
    return n;
}

/* libconfig refused what syntax_check() let pass: with its words then. */
static void complain_of_libconfig(const config_t *config, const struct source *source, struct complaints *complaints)
{
    size_t line = config_error_line(config) > 0 ? (size_t)config_error_line(config) - 1 : 0;
    if (line >= source->n_lines)
        line = source->n_lines - 1;
    complaint_add(complaints, (struct position){&source->lines[line], 0}, "%s",
                  config_error_text(config) ? config_error_text(config) : "this cannot be read");
}

/* libconfig uses what malloc() gives it without a look, so that it crashes for want of memory. What it will need for
 * this text is therefore taken before, and freed for it: in blocks below the size that malloc() would give back to the
 * kernel at once, and with the last of them, which lies above, kept until it is done. */
static void *reserve(size_t settings, size_t length)
{
    enum { BLOCK = 32768, A_SETTING = 400, A_BYTE = 8, FIXED = 65536 };
    void **blocks = NULL;
    size_t wanted = FIXED + settings * A_SETTING + length * A_BYTE;
    size_t taken = 0;
    do { /* at least once, as the compiler is to see */
        void **block = needed(malloc(BLOCK));
        *block = blocks;
        blocks = block;
        taken += BLOCK;
    } while (taken < wanted + BLOCK);
    void *last = blocks;
    for (blocks = *blocks; blocks;) {
        void **next = *blocks;
        free(blocks);
        blocks = next;
    }
    return last;
}

/* A configuration's text as a group. NULL after a complaint; there may be one of it otherwise, too. */
static struct node *read_config(struct reading *r, const struct source *source)
{
    config_t config;
    struct walk w = {.region = &r->region};
    struct node *root = NULL;
    if (syntax_check(tokens_read(source, &r->region), &r->region, r->complaints, &w.marks))
        return NULL;
    void *reserved = reserve(w.marks.n, source->length);
    config_init(&config);
    if (config_read_string(&config, syntax_text(source, &w.marks, &r->region)) == CONFIG_TRUE) {
        struct position at = {source->lines, 1};
        root = node_create(&r->region, NODE_GROUP, NULL, at, at);
        add_children(&w, root, config_root_setting(&config));
    } else
        complain_of_libconfig(&config, source, r->complaints);
    config_destroy(&config);
    free(reserved);
    return root;
}

/* The value of an override that is libconfig's: the argument is read as a setting, with a name of its length for the
 * path, so that all places are right. */
static struct node *read_value(struct reading *r, const struct override *o)
{
    struct source source;
    const struct source_line *line = o->source->lines;
    char *text = region_format(&r->region, "%s\n", o->source->text);
    memset(text, ' ', strcspn(text, "="));
    text[0] = 'v';
    source_from_argument(text, SOURCE_OVERRIDE, line->order, &r->region, &source);
    source.lines->text = line->text;
    source.lines->length = line->length;
    struct node *root = read_config(r, &source);
    if (root && root->first->next) {
        complaint_add(r->complaints, root->first->next->key_at, "an override sets one value: nothing may follow it");
        return NULL;
    }
    return root ? root->first : NULL;
}

static int is_config_value(const char *text)
{
    return *text == '"' || *text == '{' || *text == '[' || *text == '(';
}

static void read_override(struct reading *r, const char *text, uint32_t order)
{
    struct source *source = region_alloc(&r->region, sizeof *source);
    struct override o;
    source_from_argument(text, SOURCE_OVERRIDE, order, &r->region, source);
    if (override_split(source, r->complaints, &o))
        return;
    struct node *value =
        is_config_value(o.value) ? read_value(r, &o) : node_word(&r->region, NULL, o.value, o.value_at, o.value_at);
    if (value)
        override_apply(&o, r->root, value, &r->region, r->complaints);
}

static void read_overrides(struct reading *r, const char *const *overrides, size_t n)
{
    for (size_t i = 0; i < n; i++)
        read_override(r, overrides[i], OVERRIDE_ORDER + (uint32_t)i);
}

static void read_file(struct reading *r, const char *file)
{
    struct source source;
    if (source_read(file, &r->region, r->complaints, &source) == 0)
        r->root = read_config(r, &source);
}

static int finish(struct reading *r, struct catalogue *c, const char *file, struct pipeline **out)
{
    int error = r->root ? checker_run(c, r->root, file, r->complaints, out) : -EINVAL;
    complaints_sort(r->complaints);
    region_free(&r->region);
    return error;
}

int pipeline_parse_file(struct catalogue *c, const char *file, const char *const *overrides, size_t n,
                        struct pipeline **out, struct complaints *complaints)
{
    struct reading r = {.complaints = complaints};
    read_file(&r, file);
    if (r.root)
        read_overrides(&r, overrides, n);
    return finish(&r, c, file, out);
}

int pipeline_parse_line(struct catalogue *c, const char *line, const char *const *overrides, size_t n,
                        struct pipeline **out, struct complaints *complaints)
{
    struct reading r = {.complaints = complaints};
    struct source source;
    source_from_argument(line, SOURCE_ONE_LINE, 0, &r.region, &source);
    r.root = oneline_read(&source, &r.region, complaints);
    if (r.root)
        read_overrides(&r, overrides, n);
    return finish(&r, c, NULL, out);
}

int pipeline_plugin_path(const char *file, const char *const *overrides, size_t n, char **out)
{
    struct complaints unused = {NULL, 0, 0};
    struct reading r = {.complaints = &unused};
    char *path = NULL;
    if (file)
        read_file(&r, file);
    if (!r.root) {
        static const struct source_line line = {.kind = SOURCE_OVERRIDE, .text = ""};
        r.root = node_create(&r.region, NODE_GROUP, NULL, (struct position){&line, 0}, (struct position){&line, 0});
    }
    read_overrides(&r, overrides, n);
    const struct node *set = node_child(r.root, pipeline_settings[PIPELINE_PLUGIN_PATH].key);
    if (set && (set->type == NODE_STRING || set->type == NODE_WORD) && *set->text) {
        path = needed(strdup(set->text));
    }
    int error = -unused.shortage;
    complaints_clear(&unused);
    region_free(&r.region);
    if (error)
        free(path);
    else
        *out = path;
    return error;
}
