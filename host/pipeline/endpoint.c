#include "endpoint.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

enum { ADDRESS_MAX = INET6_ADDRSTRLEN };

/* 0 to 65535 in decimal digits, or -1. */
static int port_of(const char *text)
{
    int port = 0;
    if (!*text || strlen(text) > 5)
        return -1;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return -1;
        port = port * 10 + (*text - '0');
    }
    return port <= UINT16_MAX ? port : -1;
}

int endpoint_parse(const char *text, union endpoint *out, const char **why)
{
    char host[ADDRESS_MAX];
    union endpoint e = {0};
    const char *colon = strrchr(text, ':');
    int bracketed = text[0] == '[', port = colon ? port_of(colon + 1) : -1;
    *why = colon ? ": a port is a number from 0 to 65535" : ": which port?";
    if (port < 0)
        return -EINVAL;
    *why = ": the address is none in numbers, and names are not looked up";
    size_t length = (size_t)(colon - text);
    if (bracketed && (length < 2 || text[length - 1] != ']'))
        return -EINVAL;
    text += bracketed;
    length -= bracketed ? 2 : 0;
    if (length == 0 || length >= sizeof host)
        return -EINVAL;
    memcpy(host, text, length);
    host[length] = '\0';
    if (!bracketed && strcmp(host, "localhost") == 0)
        strcpy(host, "127.0.0.1");
    if (!bracketed && inet_pton(AF_INET, host, &e.v4.sin_addr) == 1) {
        e.v4.sin_family = AF_INET;
        e.v4.sin_port = htons((uint16_t)port);
    } else if (bracketed && inet_pton(AF_INET6, host, &e.v6.sin6_addr) == 1) {
        e.v6.sin6_family = AF_INET6;
        e.v6.sin6_port = htons((uint16_t)port);
    } else {
        return -EINVAL;
    }
    *out = e;
    return 0;
}

socklen_t endpoint_size(const union endpoint *e)
{
    return e->any.sa_family == AF_INET6 ? sizeof e->v6 : sizeof e->v4;
}

int endpoint_is_loopback(const union endpoint *e)
{
    if (e->any.sa_family == AF_INET6)
        return IN6_IS_ADDR_LOOPBACK(&e->v6.sin6_addr);
    return ntohl(e->v4.sin_addr.s_addr) >> 24 == 127;
}
