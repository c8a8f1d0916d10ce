/* The gate: which requests come from where they may come from. Pure.
 *
 * A browser of the user's lets any page that he looks at send requests to this machine. Three things keep such a page
 * out: Host has to be an address or a name of this machine (a name of the attacker's that was made to point here is
 * none), what changes something must not come from another origin, and it has to know the token, which no page can have
 * the browser add by itself.
 */
#ifndef GATE_H
#define GATE_H

/* 1 if Host, which may be NULL, is an address in numbers, localhost, or `machine`, with any port. */
int gate_host_is_ours(const char *host, const char *machine);

/* 1 if there is no Origin (NULL: it is no browser), or it is that of `host`. */
int gate_origin_is_ours(const char *origin, const char *host);

/* 1 if Authorization, which may be NULL, is "Bearer TOKEN". Takes as long however much of it is right. */
int gate_knows_token(const char *authorization, const char *token);

#endif
