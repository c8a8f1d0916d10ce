#include "web_page.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "web_page_text.h"

static const char mark[] = "@NONCE@";

static int make_nonce(char nonce[WEB_PAGE_NONCE])
{
    uint8_t bytes[(WEB_PAGE_NONCE - 1) / 2];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return -1;
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(nonce + 2 * i, 3, "%02x", bytes[i]);
    return 0;
}

char *web_page_make(char nonce[WEB_PAGE_NONCE])
{
    char *text = NULL;
    size_t size;
    nonce[0] = '\0';
    FILE *to = make_nonce(nonce) == 0 ? open_memstream(&text, &size) : NULL;
    if (!to)
        return NULL;
    const char *at = web_page_text, *next;
    for (; (next = strstr(at, mark)); at = next + sizeof mark - 1)
        fprintf(to, "%.*s%s", (int)(next - at), at, nonce);
    fputs(at, to);
    int failed = ferror(to);
    if (fclose(to) == 0 && !failed)
        return text;
    free(text);
    return NULL;
}
