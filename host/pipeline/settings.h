/* The one table of all settings: what parses and checks them, prints their defaults and is compared with
 * micropipe.cfg(5). Options of processors are not here: each processor has its own table.
 */
#ifndef SETTINGS_H
#define SETTINGS_H

#include <stddef.h>
#include <stdint.h>

/* Places in pipeline_settings. */
enum pipeline_setting {
    PIPELINE_NAME,
    PIPELINE_MEMORY,
    PIPELINE_WORKERS_MEMORY,
    PIPELINE_CPUS,
    PIPELINE_HUGE_PAGES,
    PIPELINE_DEAD_LETTERS,
    PIPELINE_START_TIMEOUT,
    PIPELINE_DRAIN_TIMEOUT,
    PIPELINE_ORDERED,
    PIPELINE_PLUGIN_PATH,
    PIPELINE_HTTP,
    PIPELINE_HTTP_TOKEN,
    PIPELINE_STAGES,
    PIPELINE_SETTINGS /* how many */
};

/* Places in stage_settings. */
enum stage_setting {
    STAGE_NAME,
    STAGE_PROCESSOR,
    STAGE_OPTIONS,
    STAGE_INPUTS,
    STAGE_WORKERS,
    STAGE_ORDERED,
    STAGE_WHEN_FULL,
    STAGE_ON_ERROR,
    STAGE_MAX_ATTEMPTS,
    STAGE_TIMEOUT,
    STAGE_MEMORY,
    STAGE_QUEUE,
    STAGE_SANDBOX,
    STAGE_SETTINGS
};

/* Places in input_settings: an element of `inputs` that is a group. */
enum input_setting { INPUT_FROM, INPUT_PORT, INPUT_WHEN_FULL, INPUT_SETTINGS };

/* Places in workers_settings: `workers` as a group. */
enum workers_setting { WORKERS_MIN, WORKERS_MAX, WORKERS_SETTINGS };

struct setting {
    const char *key;
    uint32_t type, flags;       /* MPIPE_INT ..., 0: of a form of its own; MPIPE_REQUIRED */
    const char *form;           /* what to call it: "size", "a list of groups" */
    const char *fallback;       /* default, as configuration text; NULL: none, or it depends: see otherwise */
    const char *otherwise;      /* NULL, or in words what holds if it is not set: "the stage before" */
    const char *min, *max;      /* inclusive; NULL: no limit */
    const char *unit;           /* NULL: none */
    const char *const *choices; /* MPIPE_CHOICE; ends with NULL */
    const char *doc;            /* one sentence */
};

extern const struct setting pipeline_settings[PIPELINE_SETTINGS];
extern const struct setting stage_settings[STAGE_SETTINGS];
extern const struct setting input_settings[INPUT_SETTINGS];
extern const struct setting workers_settings[WORKERS_SETTINGS];

/* Index of a key in a table of n, -1 if there is none. */
int setting_index(const struct setting *table, size_t n, const char *key);

/* The key of the table that was probably meant, or NULL. */
const char *setting_nearest(const struct setting *table, size_t n, const char *wrong);

#endif
