#include "gate.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

enum { HOST_MAX = 256 };

/* Copies Host without port, and an IPv6 address without brackets. 0, or -1: it is neither. */
static int name_of(const char *host, char name[HOST_MAX], int *bracketed)
{
    *bracketed = host[0] == '[';
    const char *start = host + *bracketed;
    size_t length = *bracketed ? strcspn(start, "]") : strcspn(start, ":");
    const char *rest = start + length + (*bracketed && start[length]);
    if (length == 0 || length >= HOST_MAX || (*bracketed && start[length] != ']'))
        return -1;
    if (*rest && (*rest != ':' || strspn(rest + 1, "0123456789") != strlen(rest + 1)))
        return -1;
    memcpy(name, start, length);
    name[length] = '\0';
    return 0;
}

int gate_host_is_ours(const char *host, const char *machine)
{
    char name[HOST_MAX];
    struct in6_addr address;
    int bracketed;
    if (!host || name_of(host, name, &bracketed) != 0)
        return 0;
    if (bracketed)
        return inet_pton(AF_INET6, name, &address) == 1;
    return inet_pton(AF_INET, name, &address) == 1 || strcasecmp(name, "localhost") == 0 ||
           (*machine && strcasecmp(name, machine) == 0);
}

int gate_origin_is_ours(const char *origin, const char *host)
{
    static const char *const schemes[] = {"http://", "https://"}; /* a proxy before us may speak the second */
    if (!origin)
        return 1;
    for (int i = 0; host && i < 2; i++) {
        size_t n = strlen(schemes[i]);
        if (strncmp(origin, schemes[i], n) == 0 && strcasecmp(origin + n, host) == 0)
            return 1;
    }
    return 0;
}

int gate_knows_token(const char *authorization, const char *token)
{
    static const char scheme[] = "Bearer ";
    size_t n = strlen(token), given_n;
    unsigned different = 0;
    if (!authorization || strncasecmp(authorization, scheme, sizeof scheme - 1) != 0)
        return 0;
    const char *given = authorization + sizeof scheme - 1;
    given_n = strlen(given);
    for (size_t i = 0; i < given_n; i++) /* as many steps as were given: they tell nothing of the token */
        different |= (unsigned char)given[i] ^ (unsigned char)token[n ? i % n : 0];
    return n > 0 && given_n == n && different == 0;
}
