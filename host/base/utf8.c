#include "utf8.h"

static int is_continuation(unsigned char byte)
{
    return (byte & 0xc0) == 0x80;
}

/* Least and greatest second byte after a first one: rules out overlong forms, surrogates and what is beyond U+10FFFF.
 */
static int second_is_valid(unsigned char first, unsigned char second)
{
    unsigned char least = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    unsigned char most = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    return second >= least && second <= most;
}

int utf8_length(const char *text)
{
    const unsigned char *s = (const unsigned char *)text;
    int length = s[0] < 0x80                    ? 1
                 : s[0] >= 0xc2 && s[0] <= 0xdf ? 2
                 : (s[0] & 0xf0) == 0xe0        ? 3
                 : s[0] >= 0xf0 && s[0] <= 0xf4 ? 4
                                                : 0;
    if (length < 2)
        return length;
    if (!second_is_valid(s[0], s[1]))
        return 0;
    for (int i = 2; i < length; i++)
        if (!is_continuation(s[i]))
            return 0;
    return length;
}

int utf8_is_printable(const char *text)
{
    while (*text) {
        const unsigned char *s = (const unsigned char *)text;
        int length = utf8_length(text);
        int is_c1 = s[0] == 0xc2 && s[1] < 0xa0;
        if (length == 0 || s[0] < 0x20 || s[0] == 0x7f || is_c1)
            return 0;
        text += length;
    }
    return 1;
}

size_t utf8_columns(const char *text, size_t size)
{
    size_t columns = 0;
    for (size_t i = 0; i < size; i++)
        columns += !is_continuation((unsigned char)text[i]);
    return columns;
}

void utf8_replace(char *text)
{
    while (*text) {
        int length = utf8_length(text);
        if (length == 0)
            *text = '?';
        text += length ? length : 1;
    }
}
