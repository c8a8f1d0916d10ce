#include "payload_text.h"

#include <inttypes.h>
#include <string.h>

#include "quantity.h"
#include "utf8.h"

enum { ROW = 16 };

static int is_control(uint8_t c)
{
    return c < 0x20 || c == 0x7f;
}

/* C1 controls are two bytes in UTF-8, c2 80 to c2 9f; a terminal may obey them, too. */
static int is_c1(const uint8_t *c, size_t left)
{
    return left > 1 && c[0] == 0xc2 && c[1] < 0xa0;
}

/* How many bytes at the end are the beginning of a character that was cut off. */
static size_t cut_off(const uint8_t *bytes, size_t n)
{
    for (size_t back = 1; back <= 3 && back <= n; back++) {
        uint8_t c = bytes[n - back];
        if ((c & 0xc0) == 0x80)
            continue;
        size_t whole = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 1;
        return whole > back ? back : 0;
    }
    return 0;
}

static int is_utf8(const uint8_t *bytes, size_t n)
{
    int length = 1;
    for (size_t at = 0; at < n && length > 0; at += (size_t)length) {
        char character[5] = "";
        memcpy(character, bytes + at, n - at < 4 ? n - at : 4);
        length = utf8_length(character);
    }
    return length > 0;
}

static int is_text(const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if ((is_control(bytes[i]) && bytes[i] != '\n' && bytes[i] != '\t' && bytes[i] != '\r') ||
            is_c1(bytes + i, n - i))
            return 0;
    return is_utf8(bytes, n);
}

static void print_text(FILE *out, size_t indent, const uint8_t *bytes, size_t n)
{
    for (size_t at = 0; at < n;) {
        const uint8_t *end = memchr(bytes + at, '\n', n - at);
        size_t length = end ? (size_t)(end - bytes) - at : n - at;
        fprintf(out, "%*s", (int)indent, "");
        for (size_t i = at; i < at + length; i++)
            if (bytes[i] != '\r')
                fputc(bytes[i], out);
        fputc('\n', out);
        at += length + 1;
    }
}

static void print_row(FILE *out, const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < ROW; i++)
        if (i < n)
            fprintf(out, "%s%02x", i == ROW / 2 ? "  " : " ", bytes[i]);
        else
            fprintf(out, "%s  ", i == ROW / 2 ? "  " : " ");
    fputs("  ", out);
    for (size_t i = 0; i < n; i++)
        fputc(bytes[i] < 0x80 && !is_control(bytes[i]) ? bytes[i] : '.', out);
    fputc('\n', out);
}

void payload_print(FILE *out, size_t indent, const uint8_t *bytes, size_t n, uint64_t size)
{
    size_t whole = n < size ? n - cut_off(bytes, n) : n;
    if (is_text(bytes, whole)) {
        print_text(out, indent, bytes, whole);
        n = whole;
    } else
        for (size_t at = 0; at < n; at += ROW) {
            fprintf(out, "%*s%08zx ", (int)indent, "", at);
            print_row(out, bytes + at, n - at < ROW ? n - at : ROW);
        }
    if (n < size)
        fprintf(out, "%*s... %s byte%s more\n", (int)indent, "", quantity_exact(size - n).text,
                size - n == 1 ? "" : "s");
}

void harmless_print(FILE *out, const char *text)
{
    harmless_print_part(out, text, strlen(text));
}

void harmless_print_part(FILE *out, const char *text, size_t n)
{
    const uint8_t *c = (const uint8_t *)text;
    for (size_t left = n; left > 0; c++, left--) {
        int c1 = is_c1(c, left);
        fputc(is_control(*c) || c1 ? '?' : *c, out);
        c += c1;
        left -= (size_t)c1;
    }
}

static void print_value(FILE *out, const json_t *value)
{
    const json_t *hex = json_object_get(value, "hex"), *item;
    size_t i;
    if (json_is_string(value)) {
        harmless_print(out, json_string_value(value));
    } else if (json_is_array(value)) {
        json_array_foreach(value, i, item)
            fprintf(out, "%s%" JSON_INTEGER_FORMAT, i ? " x " : "", json_integer_value(item));
    } else if (json_is_string(hex)) {
        fputs("hex ", out);
        harmless_print(out, json_string_value(hex));
    }
}

void attributes_print(FILE *out, size_t indent, const json_t *attributes)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)attributes, name, value)
    {
        fprintf(out, "%*s", (int)indent, "");
        harmless_print(out, name);
        fputs(" = ", out);
        print_value(out, value);
        fputc('\n', out);
    }
}
