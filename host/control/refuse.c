#include "refuse.h"

#include <stdarg.h>
#include <stdio.h>

json_t *refuse(const char *format, ...)
{
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    json_t *reason = json_string(text);
    return json_pack("{sb so}", "ok", 0, "error", reason ? reason : json_string("the text is not UTF-8"));
}

json_t *refuse_stage(const struct pipeline *p, const char *name)
{
    const char *nearest = name ? pipeline_nearest_stage(p, name) : NULL;
    return refuse("there is no stage '%.64s'%s%s%s", name ? name : "", nearest ? " (did you mean '" : "",
                  nearest ? nearest : "", nearest ? "'?)" : "");
}
