#include "syntax.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

struct parser {
    const struct token *first, *next; /* tokens */
    struct region *region;
    struct complaints *complaints;
    struct mark *marks;
    size_t n_marks, capacity;
    struct repeated *repeated;
    size_t n_repeated, repeated_capacity;
    int depth;
};

/* The names of one group, so far. */
struct name {
    const struct token *token;
};

struct names {
    struct name *list;
    size_t n, capacity;
};

static int parse_value(struct parser *p);

static const struct token *before(const struct parser *p)
{
    return p->next > p->first ? p->next - 1 : NULL;
}

static int is_number(const struct token *t)
{
    return t->type == TOKEN_INTEGER || t->type == TOKEN_INTEGER64 || t->type == TOKEN_FLOAT;
}

static int is_word(const struct token *t)
{
    return t->type == TOKEN_NAME || t->type == TOKEN_BOOL;
}

static int is_plain(const struct token *t)
{
    return is_number(t) || t->type == TOKEN_BOOL || t->type == TOKEN_STRING;
}

static int opens(const struct token *t)
{
    return t->type == TOKEN_GROUP || t->type == TOKEN_ARRAY || t->type == TOKEN_LIST;
}

static int closes(const struct token *t)
{
    return t->type == TOKEN_GROUP_END || t->type == TOKEN_ARRAY_END || t->type == TOKEN_LIST_END;
}

/* True if nothing stands between them. */
static int touch(const struct token *a, const struct token *b)
{
    return a && a->text + a->length == b->text;
}

/* Where a word ends that has no quotes and needs some, as in 512M or *.jpg: at the first byte that libconfig gives a
 * meaning. */
static size_t bare_length(const char *text)
{
    return strcspn(text, " \t\r\n\f,;=(){}[]\"#");
}

#define COMPLAIN(p, token, ...) (complaint_add((p)->complaints, (token)->at, __VA_ARGS__), -EINVAL)

static int complain_bare(struct parser *p, const struct token *first)
{
    int n = (int)bare_length(first->text);
    static const char *const truths[] = {"yes", "on", "no", "off"};
    for (size_t i = 0; i < 4; i++)
        if ((size_t)n == strlen(truths[i]) && strncasecmp(first->text, truths[i], (size_t)n) == 0)
            return COMPLAIN(p, first, "write %s instead of '%.*s'", i < 2 ? "true" : "false", n, first->text);
    return COMPLAIN(p, first, "a text needs quotes: \"%.*s\"", n, first->text);
}

/* What is wrong in any place: the tokens that are errors in themselves. 0: nothing. */
static int complain_token(struct parser *p, const struct token *t)
{
    switch (t->type) {
    case TOKEN_OPEN_STRING:
        return COMPLAIN(p, t, "this text has no closing quote");
    case TOKEN_OPEN_COMMENT:
        return COMPLAIN(p, t, "this comment is never closed: */ is missing");
    case TOKEN_NUL_IN_STRING:
        return COMPLAIN(p, t, "a text cannot hold a NUL byte (\\x00)");
    case TOKEN_GARBAGE:
        if (*t->text == '@')
            return COMPLAIN(p, t, "write @include \"file\" at the start of a line");
        return COMPLAIN(p, t, "unexpected %s", token_phrase(t, p->region));
    default:
        return 0;
    }
}

/* A text that runs over a line's end swallowed what follows if its quote was forgotten: the error shows up only at its
 * end. 0: that is not the case. */
static int complain_long_string(struct parser *p)
{
    const struct token *t = before(p);
    if (!t || t->type != TOKEN_STRING || !memchr(t->text, '\n', t->length))
        return 0;
    return COMPLAIN(p, t, "this text ends on a later line: is its closing quote missing?");
}

static char closer_of(const struct token *open)
{
    return open->type == TOKEN_GROUP ? '}' : open->type == TOKEN_ARRAY ? ']' : ')';
}

/* The brackets do not match: something else stands where `open` should be closed, or go on. */
static int complain_unclosed(struct parser *p, const struct token *open)
{
    const struct token *t = p->next;
    if (complain_long_string(p))
        return -EINVAL;
    if (t->type == TOKEN_END)
        return COMPLAIN(p, open, "this '%c' is never closed: '%c' is missing", *open->text, closer_of(open));
    return COMPLAIN(p, t, "expected '%c', to close the '%c' of line %d, but found %s", closer_of(open), *open->text,
                    open->at.line->number, token_phrase(t, p->region));
}

/* A name was to come, or the end of the group that `open` opens (NULL: of the file). */
static int complain_no_name(struct parser *p, const struct token *open)
{
    const struct token *t = p->next;
    int error = complain_token(p, t);
    if (!error)
        error = complain_long_string(p);
    if (error)
        return error;
    if (t->type == TOKEN_END)
        return complain_unclosed(p, open);
    if (closes(t))
        return open ? complain_unclosed(p, open) : COMPLAIN(p, t, "this '%c' closes nothing", *t->text);
    if (t->type == TOKEN_SEMICOLON || t->type == TOKEN_COMMA)
        return COMPLAIN(p, t, "an extra '%c': take it out", *t->text);
    if (t->type == TOKEN_STRING && t[1].type == TOKEN_EQUALS)
        return COMPLAIN(p, t, "a name has no quotes: write %.*s", (int)t->length - 2, t->text + 1);
    if (t->type == TOKEN_BOOL)
        return COMPLAIN(p, t, "'%.*s' cannot be a name", (int)t->length, t->text);
    if (touch(before(p), t) && is_number(before(p)))
        return complain_bare(p, before(p));
    return COMPLAIN(p, t, "expected a setting, as name = value, but found %s", token_phrase(t, p->region));
}

static int complain_no_equals(struct parser *p, const struct token *name, const struct token *previous)
{
    const struct token *t = p->next;
    int error = complain_token(p, t);
    if (error)
        return error;
    if (previous && previous->type == TOKEN_STRING && memchr(previous->text, '\n', previous->length))
        return COMPLAIN(p, previous, "this text ends on a later line: is its closing quote missing?");
    if (touch(previous, name) && (is_number(previous) || previous->type == TOKEN_BOOL))
        return complain_bare(p, previous);
    if (*t->text == '.')
        return COMPLAIN(p, t, "a name has no dot here: nest the settings with { }");
    return COMPLAIN(p, t, "'=' is missing after '%.*s'", (int)name->length, name->text);
}

static int complain_no_value(struct parser *p)
{
    const struct token *t = p->next, *last = before(p);
    if (t->type == TOKEN_NAME || (t->type == TOKEN_GARBAGE && bare_length(t->text) > 1 && *t->text != '@'))
        return complain_bare(p, t);
    if (t->type == TOKEN_EQUALS && last->type == TOKEN_ARRAY && touch(last, t)) /* an address as [::1]:80, no array */
        return COMPLAIN(p, last, "a text needs quotes: \"%.*s\"", (int)strcspn(last->text, " \t\r\n\f,;"), last->text);
    int error = complain_token(p, t);
    return error ? error : COMPLAIN(p, t, "expected a value, but found %s", token_phrase(t, p->region));
}

/* After an element of `open`, a list or an array, neither a comma nor its end. */
static int complain_no_comma(struct parser *p, const struct token *open)
{
    const struct token *t = p->next, *last = before(p);
    if (touch(last, t) && (is_number(last) || is_word(last)) &&
        (is_word(t) || is_number(t) || t->type == TOKEN_GARBAGE))
        return complain_bare(p, last);
    int error = complain_token(p, t);
    if (!error)
        error = complain_long_string(p);
    if (error)
        return error;
    if (t->type == TOKEN_SEMICOLON)
        return COMPLAIN(p, t, "the elements of '%c %c' are separated by ',', not by ';'", *open->text, closer_of(open));
    if (is_plain(t) || opens(t) || t->type == TOKEN_NAME)
        return COMPLAIN(p, t, "a ',' is missing before this element of the '%c' of line %d", *open->text,
                        open->at.line->number);
    return complain_unclosed(p, open);
}

static struct mark *add_mark(struct parser *p, const struct token *key, const struct token *value)
{
    p->marks = region_grow(p->region, p->marks, p->n_marks, &p->capacity, sizeof *p->marks);
    p->marks[p->n_marks] = (struct mark){key, value};
    return &p->marks[p->n_marks++];
}

static void complain_repeated(struct parser *p, const struct token *name, const struct source_line *first)
{
    int n = (int)name->length;
    if (first->number == 0) /* an argument */
        complaint_add(p->complaints, name->at, "'%.*s' is set twice", n, name->text);
    else if (strcmp(first->file, name->at.line->file) == 0)
        complaint_add(p->complaints, name->at, "'%.*s' is set twice; the first time in line %d", n, name->text,
                      first->number);
    else
        complaint_add(p->complaints, name->at, "'%.*s' is set twice; the first time in line %d of %s", n, name->text,
                      first->number, first->file);
}

/* 0 after a complaint: the group has that name already. */
static int add_name(struct parser *p, struct names *names, const struct token *name)
{
    for (size_t i = 0; i < names->n; i++) {
        const struct token *old = names->list[i].token;
        if (old->length == name->length && memcmp(old->text, name->text, name->length) == 0) {
            complain_repeated(p, name, old->at.line);
            return 0;
        }
    }
    names->list = region_grow(p->region, names->list, names->n, &names->capacity, sizeof *names->list);
    names->list[names->n++] = (struct name){name};
    return 1;
}

/* What was read since `name` is not to be there, nor are the marks after the first n. */
static void take_out(struct parser *p, const struct token *name, size_t n)
{
    const struct token *last = p->next - 1;
    p->n_marks = n;
    p->repeated = region_grow(p->region, p->repeated, p->n_repeated, &p->repeated_capacity, sizeof *p->repeated);
    p->repeated[p->n_repeated++] = (struct repeated){name->text, (size_t)(last->text - name->text) + last->length};
}

static int parse_setting(struct parser *p, struct names *names)
{
    const struct token *previous = before(p), *name = p->next++;
    if (p->next->type != TOKEN_EQUALS)
        return complain_no_equals(p, name, previous);
    p->next++;
    size_t n = p->n_marks;
    int is_new = add_name(p, names, name);
    add_mark(p, name, p->next);
    int error = parse_value(p);
    if (error)
        return error;
    if (p->next->type == TOKEN_SEMICOLON || p->next->type == TOKEN_COMMA)
        p->next++;
    if (!is_new)
        take_out(p, name, n);
    return p->n_repeated > SYNTAX_REPEATED_MAX ? -EINVAL : 0;
}

/* Settings up to the end of the group that `open` opens, which is left to the caller; NULL: of the file. */
static int parse_settings(struct parser *p, const struct token *open)
{
    struct names names = {NULL, 0, 0};
    enum token_type end = open ? TOKEN_GROUP_END : TOKEN_END;
    while (p->next->type != end) {
        int error = p->next->type == TOKEN_NAME ? parse_setting(p, &names) : complain_no_name(p, open);
        if (error)
            return error;
    }
    return 0;
}

/* What an array may hold is of one type, and plain. */
static int check_element(struct parser *p, const struct token *open, const struct token *first)
{
    const struct token *t = p->next;
    if (open->type != TOKEN_ARRAY)
        return 0;
    if (opens(t))
        return COMPLAIN(p, t, "an array [ ] holds plain values only: use a list ( ) here");
    if (is_plain(t) && is_plain(first) && t->type != first->type)
        return COMPLAIN(p, t,
                        "all values of an array [ ] have the same type: use a list ( ), or write %s like the first",
                        token_phrase(t, p->region));
    return 0;
}

/* The elements of a list or an array, up to its end, which is left to the caller. */
static int parse_elements(struct parser *p, const struct token *open)
{
    enum token_type end = open->type == TOKEN_ARRAY ? TOKEN_ARRAY_END : TOKEN_LIST_END;
    const struct token *first = p->next;
    while (p->next->type != end) {
        int error = check_element(p, open, first);
        if (error)
            return error;
        add_mark(p, NULL, p->next);
        error = parse_value(p);
        if (error)
            return error;
        if (p->next->type == end)
            break;
        if (p->next->type != TOKEN_COMMA)
            return complain_no_comma(p, open);
        if (p->next[1].type == end)
            return COMPLAIN(p, p->next, "no ',' after the last element: take it out");
        p->next++;
    }
    return 0;
}

static int parse_brackets(struct parser *p)
{
    const struct token *open = p->next++;
    if (++p->depth > SYNTAX_DEPTH_MAX)
        return COMPLAIN(p, open, "groups and lists are nested deeper than %d", SYNTAX_DEPTH_MAX);
    int error = open->type == TOKEN_GROUP ? parse_settings(p, open) : parse_elements(p, open);
    if (error)
        return error;
    p->depth--;
    p->next++;
    return 0;
}

static int parse_value(struct parser *p)
{
    if (opens(p->next))
        return parse_brackets(p);
    if (!is_plain(p->next))
        return complain_no_value(p);
    if (p->next++->type == TOKEN_STRING)
        while (p->next->type == TOKEN_STRING)
            p->next++;
    return 0;
}

int syntax_check(const struct token *tokens, struct region *region, struct complaints *complaints, struct marks *out)
{
    struct parser p = {.first = tokens, .next = tokens, .region = region, .complaints = complaints};
    int error = parse_settings(&p, NULL);
    *out = (struct marks){p.marks, p.n_marks, p.repeated, p.n_repeated};
    return error;
}

const char *syntax_text(const struct source *source, const struct marks *marks, struct region *region)
{
    if (marks->n_repeated == 0)
        return source->text;
    char *text = region_copy(region, source->text, source->length);
    for (size_t i = 0; i < marks->n_repeated; i++) {
        char *at = text + (marks->repeated[i].text - source->text);
        for (size_t left = marks->repeated[i].length; left > 0; left--, at++)
            *at = *at == '\n' ? '\n' : ' ';
    }
    return text;
}
