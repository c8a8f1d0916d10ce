#include "health.h"

#include <stdio.h>
#include <string.h>

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static int stage_ready(const json_t *stage)
{
    const char *state = text_of(stage, "state");
    if (strcmp(state, "ended") == 0)
        return 1;
    return (strcmp(state, "running") == 0 || strcmp(state, "draining") == 0) &&
           json_integer_value(json_object_get(stage, "workers")) > 0;
}

int health_ready(const json_t *status, char *text, size_t size)
{
    size_t used = 0, i;
    const json_t *stage, *stages = json_object_get(status, "stages");
    int ready = json_array_size(stages) > 0 && strcmp(text_of(status, "state"), "draining") != 0;
    if (!ready)
        used = (size_t)snprintf(text, size, "%s\n", text_of(status, "state"));
    json_array_foreach(stages, i, stage)
    {
        if (stage_ready(stage))
            continue;
        ready = 0;
        if (used < size)
            used +=
                (size_t)snprintf(text + used, size - used, "stage '%s': %s, %d workers\n", text_of(stage, "name"),
                                 text_of(stage, "state"), (int)json_integer_value(json_object_get(stage, "workers")));
    }
    if (ready)
        snprintf(text, size, "ready\n");
    return ready;
}
