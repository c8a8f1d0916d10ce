#include "token.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

static size_t digits(const char *text)
{
    return strspn(text, "0123456789");
}

static int is_name_start(char c)
{
    return isalpha((unsigned char)c) || c == '*';
}

static size_t name_length(const char *text)
{
    size_t n = 1;
    while (isalnum((unsigned char)text[n]) || (text[n] && strchr("*-_", text[n])))
        n++;
    return n;
}

/* Length of an exponent as "e-5", 0 if there is none. */
static size_t exponent_length(const char *text)
{
    if (*text != 'e' && *text != 'E')
        return 0;
    size_t sign = text[1] == '-' || text[1] == '+';
    size_t n = digits(text + 1 + sign);
    return n > 0 ? 1 + sign + n : 0;
}

/* 'L' or 'LL' behind an integer. */
static size_t suffix_length(const char *text)
{
    return text[0] != 'L' ? 0 : text[1] != 'L' ? 1 : 2;
}

static size_t integer_length(const char *text, size_t plain, enum token_type *type)
{
    size_t suffix = suffix_length(text + plain);
    *type = suffix > 0 ? TOKEN_INTEGER64 : TOKEN_INTEGER;
    return plain + suffix;
}

/* The longest number that the text starts with, as libconfig's scanner takes it; 0: none. */
static size_t number_length(const char *text, enum token_type *type)
{
    static const char hex[] = "0123456789abcdefABCDEF";
    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X') && strspn(text + 2, hex) > 0)
        return integer_length(text, 2 + strspn(text + 2, hex), type);
    size_t sign = text[0] == '-' || text[0] == '+';
    size_t whole = digits(text + sign), n = sign + whole;
    size_t fraction = text[n] == '.' ? 1 + digits(text + n + 1) : 0;
    size_t exponent = whole + fraction > 0 ? exponent_length(text + n + fraction) : 0;
    if (fraction + exponent > 0) {
        *type = TOKEN_FLOAT;
        return n + fraction + exponent;
    }
    return whole > 0 ? integer_length(text, n, type) : 0;
}

static size_t string_length(const char *text, enum token_type *type)
{
    size_t n = 1;
    *type = TOKEN_STRING;
    for (; text[n] != '"'; n++) {
        if (text[n] == '\\' && (text[n + 1] == 'x' || text[n + 1] == 'X') && text[n + 2] == '0' && text[n + 3] == '0')
            *type = TOKEN_NUL_IN_STRING;
        if (text[n] == '\\' && text[n + 1])
            n++;
        if (!text[n]) {
            *type = TOKEN_OPEN_STRING;
            return n;
        }
    }
    return n + 1;
}

static size_t name_or_bool(const char *text, enum token_type *type)
{
    size_t n = name_length(text);
    int is_bool = (n == 4 && strncasecmp(text, "true", 4) == 0) || (n == 5 && strncasecmp(text, "false", 5) == 0);
    *type = is_bool ? TOKEN_BOOL : TOKEN_NAME;
    return n;
}

static size_t token_length(const char *text, enum token_type *type)
{
    static const enum token_type marks[UINT8_MAX + 1] = {
        ['='] = TOKEN_EQUALS, [':'] = TOKEN_EQUALS,    [','] = TOKEN_COMMA, [';'] = TOKEN_SEMICOLON,
        ['{'] = TOKEN_GROUP,  ['}'] = TOKEN_GROUP_END, ['['] = TOKEN_ARRAY, [']'] = TOKEN_ARRAY_END,
        ['('] = TOKEN_LIST,   [')'] = TOKEN_LIST_END};
    if (is_name_start(*text))
        return name_or_bool(text, type);
    if (*text == '"')
        return string_length(text, type);
    size_t n = number_length(text, type);
    if (n > 0)
        return n;
    *type = marks[(unsigned char)*text] ? marks[(unsigned char)*text] : TOKEN_GARBAGE;
    return 1;
}

/* Bytes of white space or of one comment that the text starts with; *open: the comment does not end. */
static size_t skip_length(const char *text, int *open)
{
    size_t blank = strspn(text, " \t\r\n\f");
    if (blank > 0)
        return blank;
    if (*text == '#' || (text[0] == '/' && text[1] == '/'))
        return strcspn(text, "\n");
    if (text[0] != '/' || text[1] != '*')
        return 0;
    const char *end = strstr(text + 2, "*/");
    *open = !end;
    return end ? (size_t)(end + 2 - text) : strlen(text);
}

struct scanner {
    const struct source *source;
    const char *line_start;
    size_t line; /* index in the source's lines */
};

static void advance(struct scanner *s, const char *from, size_t length)
{
    const char *newline;
    const char *end = from + length;
    while (from < end && (newline = memchr(from, '\n', (size_t)(end - from)))) {
        from = newline + 1;
        if (s->line + 1 < s->source->n_lines) {
            s->line++;
            s->line_start = from;
        }
    }
}

static struct position position_of(const struct scanner *s, const char *text)
{
    const struct source_line *line = &s->source->lines[s->line];
    size_t offset = (size_t)(text - s->line_start);
    return (struct position){line, (int)(offset < line->length ? offset : line->length) + 1};
}

const struct token *tokens_read(const struct source *source, struct region *region)
{
    struct scanner s = {source, source->text, 0};
    struct token *tokens = NULL;
    size_t n = 0, capacity = 0;
    const char *text = source->text;
    for (;;) {
        int open = 0;
        size_t length = skip_length(text, &open);
        struct token t = {TOKEN_END, text, length, position_of(&s, text)};
        if (open)
            t.type = TOKEN_OPEN_COMMENT;
        else if (length == 0 && *text)
            t.length = length = token_length(text, &t.type);
        if (t.type != TOKEN_END || !*text) {
            tokens = region_grow(region, tokens, n, &capacity, sizeof *tokens);
            tokens[n++] = t;
        }
        if (!*text)
            return tokens;
        advance(&s, text, length);
        text += length;
    }
}

const char *token_phrase(const struct token *t, struct region *region)
{
    static const char *const phrases[] = {
        [TOKEN_END] = "the end of the file",
        [TOKEN_STRING] = "a text",
        [TOKEN_EQUALS] = "a '='",
        [TOKEN_COMMA] = "a ','",
        [TOKEN_SEMICOLON] = "a ';'",
        [TOKEN_GROUP] = "a '{'",
        [TOKEN_GROUP_END] = "a '}'",
        [TOKEN_ARRAY] = "a '['",
        [TOKEN_ARRAY_END] = "a ']'",
        [TOKEN_LIST] = "a '('",
        [TOKEN_LIST_END] = "a ')'",
        [TOKEN_OPEN_STRING] = "a text without an end",
        [TOKEN_OPEN_COMMENT] = "a comment without an end",
        [TOKEN_NUL_IN_STRING] = "a text with a NUL byte",
    };
    if (t->type == TOKEN_NAME)
        return region_format(region, "the name '%.*s'", (int)t->length, t->text);
    if (t->type == TOKEN_GARBAGE && (unsigned char)*t->text >= 0x80)
        return "a letter that is not ASCII";
    return t->type < sizeof phrases / sizeof *phrases && phrases[t->type]
               ? phrases[t->type]
               : region_format(region, "'%.*s'", (int)t->length, t->text);
}
