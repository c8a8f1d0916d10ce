#include "steady.h"

void steady_apply(struct steady *s, json_t *status)
{
    static const char *const keys[STEADY_TIMES] = {"busy_s", "wait_input_s", "wait_output_s"};
    size_t i;
    json_t *stage;
    json_array_foreach(json_object_get(status, "stages"), i, stage)
    {
        for (size_t k = 0; k < STEADY_TIMES && i < PIPELINE_STAGES_MAX; k++) {
            json_t *time = json_object_get(stage, keys[k]);
            if (json_real_value(time) < s->told_s[i][k])
                json_real_set(time, s->told_s[i][k]);
            s->told_s[i][k] = json_real_value(time);
        }
    }
}
