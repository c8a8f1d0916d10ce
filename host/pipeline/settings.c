#include "settings.h"

#include <micropipe/option.h>
#include <string.h>

#include "nearest.h"

static const char *const huge_pages_choices[] = {"try", "require", "off", NULL}; /* as enum huge_pages */
static const char *const when_full_choices[] = {"block", "drop", NULL};          /* as enum when_full */
static const char *const sandbox_choices[] = {"strict", "io", "none", NULL};     /* as enum sandbox_level */
static const char *const on_error_choices[] = {"dead_letter", "drop", "stop", NULL};

const struct setting pipeline_settings[PIPELINE_SETTINGS] = {
    [PIPELINE_NAME] = {"name", MPIPE_STRING, 0, "string", .otherwise = "the name of the file, without .cfg",
                       .doc = "What the pipeline is called in logs, metrics and summaries."},
    [PIPELINE_MEMORY] = {"memory", MPIPE_SIZE, 0, "size", "256M", .min = "2M", .max = "16T", .unit = "bytes",
                         .doc = "Shared memory for the frames of all stages, set aside at the start."},
    [PIPELINE_WORKERS_MEMORY] = {"workers_memory", MPIPE_SIZE, 0, "size",
                                 .otherwise = "what the machine has left, as far as the scaler sees it", .min = "16M",
                                 .max = "16T", .unit = "bytes",
                                 .doc = "How much memory of their own all processes together may take, beside the "
                                        "frames, never more."},
    [PIPELINE_CPUS] = {"cpus", MPIPE_INT, 0, "integer", .otherwise = "all that the CPU set and the control group allow",
                       .min = "1", .max = "4096", .unit = "cores",
                       .doc = "How many cores all stages together may use, never more."},
    [PIPELINE_HUGE_PAGES] = {"huge_pages", MPIPE_CHOICE, 0, "choice", "try", .choices = huge_pages_choices,
                             .doc = "Whether that memory consists of huge pages: if possible, always or never."},
    [PIPELINE_DEAD_LETTERS] = {"dead_letters", MPIPE_PATH, 0, "path", "", .otherwise = "none, they are only counted",
                               .doc = "Folder in which frames are kept that a stage refused, each with the reason."},
    [PIPELINE_START_TIMEOUT] = {"start_timeout", MPIPE_TIME, 0, "time", "60s", .min = "0s", .max = "24h",
                                .doc = "How long a stage may take to load its plugin, and a worker to open its "
                                       "processor; 0s: no limit."},
    [PIPELINE_DRAIN_TIMEOUT] = {"drain_timeout", MPIPE_TIME, 0, "time", "10s", .min = "0s", .max = "24h",
                                .doc = "How long frames under way may take to the end after SIGTERM or SIGINT."},
    [PIPELINE_ORDERED] = {"ordered", MPIPE_BOOL, 0, "bool", "false", .doc = "The default of ordered for all stages."},
    [PIPELINE_PLUGIN_PATH] = {"plugin_path", MPIPE_STRING, 0, "string", "", .otherwise = "only the usual folders",
                              .doc = "Folders to look for packs in first, separated by colons."},
    [PIPELINE_HTTP] = {"http", MPIPE_STRING, 0, "string", "", .otherwise = "none",
                       .doc = "Address and port of the web page and of the metrics, as \"127.0.0.1:9464\"."},
    [PIPELINE_HTTP_TOKEN] = {"http_token", MPIPE_STRING, 0, "string", "",
                             .otherwise = "a random one, told at the start",
                             .doc = "What a request by HTTP has to know that pauses or scales."},
    [PIPELINE_STAGES] = {"stages", 0, MPIPE_REQUIRED, "list of groups",
                         .doc = "The stages, 1 to 39, in the order in which frames pass them."},
};

const struct setting stage_settings[STAGE_SETTINGS] = {
    [STAGE_NAME] = {"name", MPIPE_STRING, 0, "string",
                    .otherwise = "the name of the processor, with -2, -3 if it is taken",
                    .doc = "What other settings, logs and metrics call the stage."},
    [STAGE_PROCESSOR] = {"processor", MPIPE_STRING, MPIPE_REQUIRED, "string",
                         .doc = "What the stage runs: pack.processor."},
    [STAGE_OPTIONS] = {"options", 0, 0, "group", .otherwise = "the defaults of the processor",
                       .doc = "The options of the processor; micropipe inspect lists them."},
    [STAGE_INPUTS] = {"inputs", 0, 0, "list of strings or groups", .otherwise = "the stage before",
                      .doc = "The stages, or output ports as \"stage.port\", that this stage reads from."},
    [STAGE_WORKERS] = {"workers", 0, 0, "\"auto\", integer, or group { min; max; }",
                       .otherwise = "\"auto\", but 1 for a source, a sink or a serial processor", .min = "1",
                       .max = "64",
                       .doc = "How many processes run the stage: as many as give the most, so many, or in between."},
    [STAGE_ORDERED] = {"ordered", MPIPE_BOOL, 0, "bool", "false",
                       .doc = "Frames leave in the order in which they came, whatever the number of workers."},
    [STAGE_WHEN_FULL] = {"when_full", MPIPE_CHOICE, 0, "choice", "block", .choices = when_full_choices,
                         .doc = "What a stage does that finds this one's queue full: wait, or drop the frame."},
    [STAGE_ON_ERROR] = {"on_error", MPIPE_CHOICE, 0, "choice", "dead_letter", .choices = on_error_choices,
                        .doc = "What becomes of a frame that is refused: kept, dropped, or the end of the pipeline."},
    [STAGE_MAX_ATTEMPTS] =
        {"max_attempts", MPIPE_INT, 0, "integer", "3", .min = "1", .max = "100",
         .doc = "How often a frame is tried, when its worker dies or asks for it, until it is refused."},
    [STAGE_TIMEOUT] = {"timeout", MPIPE_TIME, 0, "time", "0s", .min = "0s", .max = "24h",
                       .doc =
                           "How long a worker may take for one frame, or to flush, until it is killed; 0s: no limit."},
    [STAGE_MEMORY] = {"memory", MPIPE_SIZE, 0, "size", "0", .otherwise = "an equal share of the memory of the pipeline",
                      .min = "2M", .max = "16T", .unit = "bytes",
                      .doc = "How much of the memory of the pipeline the frames that this stage made may fill; 0: an "
                             "equal share."},
    [STAGE_QUEUE] = {"queue", MPIPE_INT, 0, "integer", "4096", .min = "1", .max = "65536", .unit = "frames",
                     .doc = "How many frames may wait for this stage; a power of two."},
    [STAGE_SANDBOX] = {"sandbox", MPIPE_CHOICE, 0, "choice", "io", .choices = sandbox_choices,
                       .doc = "What the plugin is kept from: writing files and the network too, other processes only, "
                              "or nothing."},
};

const struct setting input_settings[INPUT_SETTINGS] = {
    [INPUT_FROM] = {"from", MPIPE_STRING, MPIPE_REQUIRED, "string",
                    .doc = "The stage, or output port as \"stage.port\"; a stage alone means its first port."},
    [INPUT_PORT] = {"port", MPIPE_STRING, 0, "string", .otherwise = "the first input port",
                    .doc = "The input port of this stage that the frames come in by."},
    [INPUT_WHEN_FULL] = {"when_full", MPIPE_CHOICE, 0, "choice", .otherwise = "when_full of the stage",
                         .choices = when_full_choices, .doc = "As when_full of the stage, for this input alone."},
};

const struct setting workers_settings[WORKERS_SETTINGS] = {
    [WORKERS_MIN] = {"min", MPIPE_INT, 0, "integer", "1", .min = "1", .max = "64", .unit = "workers",
                     .doc = "How many workers the stage always has, and starts with; not of a source."},
    [WORKERS_MAX] = {"max", MPIPE_INT, 0, "integer", .otherwise = "as of \"auto\"", .min = "1", .max = "64",
                     .unit = "workers", .doc = "How many workers the stage may have when it is the slowest."},
};

int setting_index(const struct setting *table, size_t n, const char *key)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(table[i].key, key) == 0)
            return (int)i;
    return -1;
}

enum { KEYS_MAX = 16 }; /* of a table */
_Static_assert((int)STAGE_SETTINGS <= KEYS_MAX && (int)PIPELINE_SETTINGS <= KEYS_MAX, "a table has too many keys");

const char *setting_nearest(const struct setting *table, size_t n, const char *wrong)
{
    const char *keys[KEYS_MAX];
    for (size_t i = 0; i < n; i++)
        keys[i] = table[i].key;
    return nearest_name(wrong, keys, n);
}
