#include "reply.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

void reply_header(struct MHD_Response *r, const char *name, const char *value)
{
    if (r)
        MHD_add_response_header(r, name, value);
}

struct MHD_Response *reply_of(char *text, const char *type)
{
    if (!text)
        return NULL;
    struct MHD_Response *r = MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE);
    if (!r)
        free(text);
    reply_header(r, "Content-Type", type);
    return r;
}

struct MHD_Response *reply_plain(const char *text)
{
    return reply_of(strdup(text), "text/plain; charset=utf-8");
}

struct MHD_Response *reply_error(const char *error)
{
    json_t *o = json_pack("{sb ss}", "ok", 0, "error", error);
    char *text = o ? json_dumps(o, JSON_COMPACT) : NULL;
    json_decref(o);
    return reply_of(text, "application/json");
}

enum MHD_Result reply_send(struct MHD_Connection *c, unsigned status, struct MHD_Response *r)
{
    if (!r) {
        status = MHD_HTTP_SERVICE_UNAVAILABLE;
        r = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    }
    if (!r)
        return MHD_NO;
    reply_header(r, "Connection", "close");
    reply_header(r, "Cache-Control", "no-store");
    reply_header(r, "X-Content-Type-Options", "nosniff");
    reply_header(r, "X-Frame-Options", "DENY");
    reply_header(r, "Referrer-Policy", "no-referrer");
    reply_header(r, "Cross-Origin-Resource-Policy", "same-origin");
    enum MHD_Result result = MHD_queue_response(c, status, r);
    MHD_destroy_response(r);
    return result;
}
