#include "base64.h"

#include <stdlib.h>
#include <string.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *base64_encode(const uint8_t *bytes, size_t n)
{
    char *text = malloc((n + 2) / 3 * 4 + 1), *to = text;
    for (size_t i = 0; text && i < n; i += 3) {
        uint32_t left = n - i < 3 ? (uint32_t)(n - i) : 3;
        uint32_t word = (uint32_t)bytes[i] << 16;
        word |= left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0;
        word |= left > 2 ? bytes[i + 2] : 0;
        *to++ = digits[word >> 18];
        *to++ = digits[word >> 12 & 63];
        *to++ = left > 1 ? digits[word >> 6 & 63] : '=';
        *to++ = left > 2 ? digits[word & 63] : '=';
    }
    if (text)
        *to = '\0';
    return text;
}

/* Four digits, of which the last `padding` are '='. */
static int decode_group(const char *text, uint32_t padding, uint8_t *to)
{
    uint32_t word = 0;
    for (uint32_t i = 0; i < 4; i++) {
        const char *digit = i < 4 - padding ? strchr(digits, text[i]) : digits;
        if (!digit || !*digit)
            return -1;
        word = word << 6 | (uint32_t)(digit - digits);
    }
    to[0] = (uint8_t)(word >> 16);
    if (padding < 2)
        to[1] = (uint8_t)(word >> 8);
    if (padding < 1)
        to[2] = (uint8_t)word;
    return 0;
}

uint8_t *base64_decode(const char *text, size_t *n)
{
    size_t length = strlen(text), padding = 0;
    while (padding < 2 && padding < length && text[length - 1 - padding] == '=')
        padding++;
    uint8_t *bytes = length % 4 == 0 ? malloc(length / 4 * 3 + 1) : NULL;
    for (size_t i = 0; bytes && i < length; i += 4)
        if (decode_group(text + i, i + 4 == length ? (uint32_t)padding : 0, bytes + i / 4 * 3) != 0) {
            free(bytes);
            return NULL;
        }
    *n = length / 4 * 3 - padding;
    return bytes;
}
