#include "paragraph.h"

#include <string.h>

#include "utf8.h"

static void print_blanks(FILE *out, size_t n)
{
    fprintf(out, "%*s", (int)n, "");
}

/* The cursor is at `indent` already. */
static void print_from(FILE *out, size_t indent, const char *text)
{
    size_t column = indent;
    for (const char *word = text + strspn(text, " "); *word;) {
        size_t length = strcspn(word, " ");
        size_t width = utf8_columns(word, length);
        if (column > indent && column + 1 + width > PARAGRAPH_WIDTH) {
            fputc('\n', out);
            print_blanks(out, indent);
            column = indent;
        } else if (column > indent) {
            fputc(' ', out);
            column++;
        }
        fwrite(word, 1, length, out);
        column += width;
        word += length;
        word += strspn(word, " ");
    }
    fputc('\n', out);
}

void paragraph_print(FILE *out, size_t indent, const char *text)
{
    print_blanks(out, indent);
    print_from(out, indent, text);
}

void paragraph_entry(FILE *out, size_t indent, const char *left, size_t column, const char *text)
{
    size_t end = indent + utf8_columns(left, strlen(left));
    print_blanks(out, indent);
    fputs(left, out);
    if (end + 1 > column) {
        fputc('\n', out);
        end = 0;
    }
    print_blanks(out, column - end);
    print_from(out, column, text);
}
