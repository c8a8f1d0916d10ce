#include "routes.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "cleanup.h"
#include "gate.h"
#include "health.h"
#include "metrics.h"
#include "reply.h"
#include "status.h"
#include "web_page.h"

#define JSON_TYPE "application/json"

/* The response; the status is 200 unless it sets another. */
typedef struct MHD_Response *route_function(struct desk *d, struct request *r);

/* What the control socket would answer. NULL: there is no memory. */
static char *ask(const struct desk *d, const char *request)
{
    return control_answer(d->run, request, strlen(request));
}

static struct MHD_Response *get_page(struct desk *d, struct request *r)
{
    char policy[512], nonce[WEB_PAGE_NONCE];
    (void)d, (void)r;
    char *text = web_page_make(nonce);
    struct MHD_Response *response = reply_of(text, "text/html; charset=utf-8");
    snprintf(policy, sizeof policy,
             "default-src 'none'; script-src 'nonce-%s'; style-src 'nonce-%s'; connect-src 'self'; img-src data:; "
             "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
             nonce, nonce);
    reply_header(response, "Content-Security-Policy", policy);
    return response;
}

static struct MHD_Response *get_metrics(struct desk *d, struct request *r)
{
    json_t *now = status_object(d->run, STATUS_HISTOGRAMS);
    (void)r;
    if (now)
        steady_apply(&d->steady, now);
    struct MHD_Response *response = now ? reply_of(metrics_text(now), METRICS_TYPE) : NULL;
    json_decref(now);
    return response;
}

static struct MHD_Response *get_health(struct desk *d, struct request *r)
{
    (void)d, (void)r;
    return reply_plain("ok\n"); /* the loop runs: it has just answered */
}

static struct MHD_Response *get_readiness(struct desk *d, struct request *r)
{
    char text[4096];
    json_t *now = status_object(d->run, 0);
    if (!now)
        return NULL;
    if (!health_ready(now, text, sizeof text))
        r->status = MHD_HTTP_SERVICE_UNAVAILABLE;
    json_decref(now);
    return reply_plain(text);
}

static struct MHD_Response *get_status(struct desk *d, struct request *r)
{
    (void)r;
    return reply_of(ask(d, "{\"command\":\"status\",\"workers\":true,\"histograms\":true}"), JSON_TYPE);
}

static struct MHD_Response *get_events(struct desk *d, struct request *r)
{
    (void)r;
    if (events_streams(d->events) == 0)
        routes_tick(d);
    struct MHD_Response *response = events_stream(d->events, r->connection);
    if (response)
        return response;
    r->status = MHD_HTTP_SERVICE_UNAVAILABLE;
    response = reply_error("too many look at it already");
    reply_header(response, "Retry-After", "10");
    return response;
}

/* Has the control socket's side do it: {"command": COMMAND} with what the body has. */
static struct MHD_Response *command(struct desk *d, const char *name, struct request *r)
{
    json_t *wanted = r->n ? json_loadb(r->body, r->n, JSON_REJECT_DUPLICATES, NULL) : json_object();
    if (!json_is_object(wanted)) {
        json_decref(wanted);
        r->status = MHD_HTTP_BAD_REQUEST;
        return reply_error("the body must be a JSON object");
    }
    json_object_set_new(wanted, "command", json_string(name));
    AUTO_FREE char *request = json_dumps(wanted, JSON_COMPACT);
    json_decref(wanted);
    char *answer = request ? ask(d, request) : NULL;
    if (answer && strncmp(answer, "{\"ok\":true", 10) != 0)
        r->status = MHD_HTTP_CONFLICT;
    return reply_of(answer, JSON_TYPE);
}

static struct MHD_Response *post_pause(struct desk *d, struct request *r)
{
    return command(d, "pause", r);
}

static struct MHD_Response *post_resume(struct desk *d, struct request *r)
{
    return command(d, "resume", r);
}

static struct MHD_Response *post_scale(struct desk *d, struct request *r)
{
    return command(d, "scale", r);
}

static const struct route {
    const char *path;
    int changes; /* 1: POST, and only who knows the token; 0: GET and HEAD */
    route_function *answer;
} routes[] = {
    {"/", 0, get_page},
    {"/metrics", 0, get_metrics},
    {"/healthz", 0, get_health},
    {"/readyz", 0, get_readiness},
    {"/api/v1/status", 0, get_status},
    {"/api/v1/events", 0, get_events},
    {"/api/v1/pause", 1, post_pause},
    {"/api/v1/resume", 1, post_resume},
    {"/api/v1/scale", 1, post_scale},
};

static const struct route *find(const char *path)
{
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++)
        if (strcmp(routes[i].path, path) == 0)
            return &routes[i];
    return NULL;
}

static int method_fits(const struct route *to, const char *method)
{
    if (to->changes)
        return strcmp(method, "POST") == 0;
    return strcmp(method, "GET") == 0 || (strcmp(method, "HEAD") == 0 && to->answer != get_events);
}

static const char *header(const struct request *r, const char *name)
{
    return MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, name);
}

static int body_is_too_long(const struct request *r)
{
    const char *length = header(r, "Content-Length");
    return length && strtoull(length, NULL, 10) > ROUTES_BODY_MAX;
}

/* What is wrong with a request to change something; NULL: nothing. */
static struct MHD_Response *refuse_change(const struct desk *d, struct request *r)
{
    const char *site = header(r, "Sec-Fetch-Site");
    if (!gate_origin_is_ours(header(r, "Origin"), header(r, "Host")) ||
        (site && strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0)) {
        r->status = MHD_HTTP_FORBIDDEN;
        return reply_error("it comes from a page of others");
    }
    if (gate_knows_token(header(r, "Authorization"), d->credential.token)) {
        r->status = body_is_too_long(r) ? MHD_HTTP_CONTENT_TOO_LARGE : 0;
        return r->status ? reply_error("the body is too long") : NULL;
    }
    r->status = MHD_HTTP_UNAUTHORIZED;
    struct MHD_Response *response =
        reply_error("it wants the header Authorization: Bearer TOKEN, with the pipeline's token");
    reply_header(response, "WWW-Authenticate", "Bearer realm=\"micropipe\"");
    return response;
}

struct MHD_Response *routes_head(struct desk *d, struct request *r)
{
    if (!gate_host_is_ours(header(r, "Host"), d->machine)) {
        r->status = MHD_HTTP_MISDIRECTED_REQUEST;
        return reply_error("Host must be an address in numbers, localhost, or the name of the machine");
    }
    const struct route *to = r->to = find(r->path);
    if (!to) {
        r->status = MHD_HTTP_NOT_FOUND;
        return reply_error("there is nothing of that name");
    }
    if (!method_fits(to, r->method)) {
        r->status = MHD_HTTP_METHOD_NOT_ALLOWED;
        struct MHD_Response *response = reply_error(to->changes ? "it wants POST" : "it wants GET");
        reply_header(response, "Allow", to->changes ? "POST" : "GET, HEAD");
        return response;
    }
    r->status = 0;
    return to->changes ? refuse_change(d, r) : NULL;
}

struct MHD_Response *routes_answer(struct desk *d, struct request *r)
{
    r->status = MHD_HTTP_OK;
    return r->to->answer(d, r);
}

void routes_tick(struct desk *d)
{
    AUTO_FREE char *event = NULL;
    AUTO_FREE char *line = ask(d, "{\"command\":\"status\"}");
    if (!line || asprintf(&event, "data: %s\n", line) < 0) {
        event = NULL;
        return;
    }
    events_say(d->events, event);
}
