/* An endpoint: an address and a port to listen at, as "127.0.0.1:9464" or "[::1]:9464". Pure: asks no name server. */
#ifndef ENDPOINT_H
#define ENDPOINT_H

#include <netinet/in.h>
#include <stddef.h>

union endpoint {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

/* 0; -EINVAL, and in `why` what is wrong with the text, after "but is ...": ": which port? ...". */
int endpoint_parse(const char *text, union endpoint *out, const char **why);

socklen_t endpoint_size(const union endpoint *e);

/* 1 if nothing but this machine can reach it. */
int endpoint_is_loopback(const union endpoint *e);

#endif
