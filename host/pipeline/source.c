#include "source.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"

enum { FIRST_READ = 16384 }; /* bytes; doubled as long as there is more */

/* What a byte is part of: an @include counts only where libconfig would see it. */
enum state { IN_TEXT, IN_COMMENT, IN_BLOCK_COMMENT, IN_STRING };

struct reader {
    struct region *region;
    struct complaints *complaints;
    struct source *source;
    size_t text_capacity, lines_capacity;
    size_t bytes; /* of all files so far */
    enum state state;
    int depth;
};

static int read_file(struct reader *r, const char *file, struct position at);

/* The file as a whole, for what has no line. */
static struct position whole_file(struct reader *r, const char *file)
{
    struct source_line *line = region_alloc(r->region, sizeof *line);
    *line = (struct source_line){.kind = SOURCE_FILE, .file = file};
    return (struct position){line, 0};
}

/* `bytes` NULL: blanks. */
static void append(struct reader *r, const char *bytes, size_t length)
{
    struct source *s = r->source;
    if (s->length + length >= r->text_capacity) {
        r->text_capacity = (s->length + length + 1) * 2;
        char *grown = region_alloc(r->region, r->text_capacity);
        if (s->length > 0)
            memcpy(grown, s->text, s->length);
        s->text = grown;
    }
    if (bytes)
        memcpy(s->text + s->length, bytes, length);
    else
        memset(s->text + s->length, ' ', length);
    s->length += length;
}

static void add_line(struct reader *r, struct source_line line)
{
    struct source *s = r->source;
    s->lines = region_grow(r->region, s->lines, s->n_lines, &r->lines_capacity, sizeof *s->lines);
    line.order = (uint32_t)s->n_lines;
    s->lines[s->n_lines++] = line;
}

/* Follows the text to know where comments and strings begin and end. */
static enum state state_after(enum state state, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        char c = text[i], next = i + 1 < length ? text[i + 1] : '\0';
        if (state == IN_STRING && c == '\\')
            i++;
        else if (state == IN_STRING && c == '"')
            state = IN_TEXT;
        else if (state == IN_BLOCK_COMMENT && c == '*' && next == '/') {
            state = IN_TEXT;
            i++;
        } else if (state == IN_TEXT && c == '/' && next == '*') {
            state = IN_BLOCK_COMMENT;
            i++;
        } else if (state == IN_TEXT && c == '"')
            state = IN_STRING;
        else if (state == IN_TEXT && (c == '#' || (c == '/' && next == '/')))
            state = IN_COMMENT;
    }
    return state == IN_COMMENT ? IN_TEXT : state;
}

/* An @include "name" at the start of a line: where its name starts, or NULL. */
static const char *include_name(const char *text, size_t length)
{
    static const char directive[] = "@include";
    const char *end = text + length;
    while (text < end && (*text == ' ' || *text == '\t'))
        text++;
    if ((size_t)(end - text) < sizeof directive || memcmp(text, directive, sizeof directive - 1) != 0)
        return NULL;
    text += sizeof directive - 1;
    const char *blank = text;
    while (text < end && (*text == ' ' || *text == '\t'))
        text++;
    return text > blank && text < end && *text == '"' ? text + 1 : NULL;
}

/* The included file's name, without escapes, from the folder of the file that names it; *after is what follows the
 * closing quote. NULL: there is no such quote. */
static char *include_path(struct reader *r, const struct source_line *line, const char *name, const char **after)
{
    const char *end = line->text + line->length;
    const char *slash = strrchr(line->file, '/');
    char *plain = region_alloc(r->region, line->length + 1);
    size_t n = 0;
    for (; name < end && *name != '"'; name++) {
        if (*name == '\\' && name + 1 < end && (name[1] == '\\' || name[1] == '"'))
            name++;
        plain[n++] = *name;
    }
    if (name == end)
        return NULL;
    *after = name + 1;
    if (plain[0] == '/' || !slash)
        return plain;
    return region_format(r->region, "%.*s/%s", (int)(slash - line->file), line->file, plain);
}

/* Puts the included file in the place of its directive; the rest of the line follows, at its old columns. */
static int expand_include(struct reader *r, struct source_line line, const char *name)
{
    const char *after = NULL, *end = line.text + line.length;
    line.order = (uint32_t)r->source->n_lines;
    struct source_line *kept = region_alloc(r->region, sizeof *kept);
    *kept = line;
    struct position at = {kept, (int)(name - line.text)};
    char *path = include_path(r, kept, name, &after);
    if (!path) {
        complaint_add(r->complaints, at, "the file name after @include has no closing quote");
        return -EINVAL;
    }
    if (r->depth >= SOURCE_DEPTH_MAX) {
        complaint_add(r->complaints, at, "includes are nested deeper than %d: does a file include itself?",
                      SOURCE_DEPTH_MAX);
        return -EINVAL;
    }
    r->depth++;
    int error = read_file(r, path, at);
    r->depth--;
    add_line(r, line);
    append(r, NULL, (size_t)(after - line.text));
    append(r, after, (size_t)(end - after));
    append(r, "\n", 1);
    r->state = state_after(r->state, after, (size_t)(end - after));
    return error;
}

static int take_line(struct reader *r, struct source_line line)
{
    const char *nul = memchr(line.text, '\0', line.length);
    const char *name = r->state == IN_TEXT ? include_name(line.text, line.length) : NULL;
    if (nul) {
        struct position at = {&line, (int)(nul - line.text) + 1};
        line.order = (uint32_t)r->source->n_lines;
        complaint_add(r->complaints, at, "a NUL byte: is this a text file?");
        return -EINVAL;
    }
    if (name)
        return expand_include(r, line, name);
    add_line(r, line);
    append(r, line.text, line.length);
    append(r, "\n", 1);
    r->state = state_after(r->state, line.text, line.length);
    return 0;
}

/* *bytes becomes all of a file, which may be a pipe. Returns its size; -EFBIG: beyond what a configuration may have. */
static ssize_t read_bytes(struct reader *r, const char *file, char **bytes)
{
    AUTO_FD int fd = open(file, O_RDONLY | O_CLOEXEC);
    size_t room = SOURCE_BYTES_MAX - r->bytes, capacity = FIRST_READ, n = 0;
    ssize_t got = 1;
    *bytes = region_alloc(r->region, capacity);
    if (fd < 0)
        return -errno;
    while (got != 0) {
        if (n == capacity) {
            char *before = *bytes;
            capacity *= 2;
            *bytes = memcpy(region_alloc(r->region, capacity), before, n);
        }
        got = read(fd, *bytes + n, capacity - n);
        if (got < 0 && errno != EINTR)
            return -errno;
        n += got > 0 ? (size_t)got : 0;
        if (n > room)
            return -EFBIG;
    }
    r->bytes += n;
    return (ssize_t)n;
}

static int read_file(struct reader *r, const char *file, struct position at)
{
    static const char byte_order_mark[] = "\xef\xbb\xbf";
    char *bytes = NULL;
    ssize_t n = read_bytes(r, file, &bytes);
    int error = 0;
    if (n == -EFBIG)
        complaint_add(r->complaints, at, "a configuration, with all that it includes, has at most %d MiB",
                      SOURCE_BYTES_MAX >> 20);
    else if (n < 0)
        complaint_add(r->complaints, at, "cannot read '%s': %s", file, strerror((int)-n));
    if (n == -EMFILE || n == -ENFILE || n == -ENOMEM || n == -EIO)
        complaint_shortage(r->complaints, (int)-n);
    if (n < 0)
        return -EINVAL;
    const char *text = bytes, *end = text + n;
    if (n >= 3 && memcmp(text, byte_order_mark, 3) == 0)
        text += 3;
    for (int number = 1; text < end && !error; number++) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        const char *stop = newline ? newline : end;
        size_t length = (size_t)(stop - text) - (stop > text && stop[-1] == '\r');
        error = take_line(r, (struct source_line){SOURCE_FILE, file, number, 0, text, length});
        text = newline ? newline + 1 : end;
    }
    return error;
}

int source_read(const char *file, struct region *region, struct complaints *complaints, struct source *out)
{
    *out = (struct source){0};
    struct reader r = {.region = region, .complaints = complaints, .source = out};
    const char *name = region_text(region, file);
    int error = read_file(&r, name, whole_file(&r, name));
    if (out->n_lines == 0) {
        add_line(&r, (struct source_line){SOURCE_FILE, name, 1, 0, "", 0});
        append(&r, "\n", 1);
    }
    return error;
}

void source_from_argument(const char *text, enum source_kind kind, uint32_t order, struct region *region,
                          struct source *out)
{
    *out = (struct source){0};
    out->lines = region_alloc(region, sizeof *out->lines);
    out->n_lines = 1;
    out->length = strlen(text);
    out->text = region_text(region, text);
    out->lines[0] = (struct source_line){kind, NULL, 0, order, out->text, out->length};
}
