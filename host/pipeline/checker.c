#include "checker.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <micropipe/option.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "draft.h"
#include "edges.h"
#include "endpoint.h"
#include "inputs.h"
#include "naming.h"
#include "rule.h"
#include "stage_check.h"

enum { NAME_MAX_BYTES = 64, TOKEN_MIN_BYTES = 16, TOKEN_MAX_BYTES = 128 };

/* The least that a stage can work with: a span of the arena. */
static const uint64_t stage_memory_min = UINT64_C(2) << 20;

/* A setting of the pipeline, set or default. 1: it is set, and *v is its value; 0: *v is the default. -EINVAL after a
 * complaint. */
static int take(struct draft *d, enum pipeline_setting which, struct option_value *v)
{
    const struct setting *s = &pipeline_settings[which];
    const struct node *n = node_child(d->root, s->key);
    struct rule rule = rule_of_setting(s);
    *v = (struct option_value){.text = region_text(d->region, "")};
    if (!n)
        return rule_default(d, &rule, v);
    d->pipeline->set |= 1u << which;
    return rule_apply(d, (struct subject){NULL, s->key}, &rule, n, v) ? -EINVAL : 1;
}

static char *text_or_null(const struct option_value *v)
{
    return v->text && *v->text ? v->text : NULL;
}

static int name_byte_valid(char c)
{
    return isalnum((unsigned char)c) || (c && strchr("._-", c));
}

/* photos-to-shards for ../photos-to-shards.cfg */
static char *default_name(struct draft *d)
{
    const char *file = d->pipeline->file ? d->pipeline->file : "pipeline";
    const char *slash = strrchr(file, '/');
    const char *base = slash ? slash + 1 : file;
    size_t length = strlen(base);
    if (length > 4 && strcmp(base + length - 4, ".cfg") == 0)
        length -= 4;
    char *name = region_copy(d->region, base, length < NAME_MAX_BYTES ? length : NAME_MAX_BYTES);
    for (char *c = name; *c; c++)
        if (!name_byte_valid(*c))
            *c = '-';
    return *name ? name : region_text(d->region, "pipeline");
}

static void check_name(struct draft *d)
{
    struct option_value v;
    int valid = take(d, PIPELINE_NAME, &v) == 1 && *v.text && strlen(v.text) <= NAME_MAX_BYTES;
    for (const char *c = v.text; valid && *c; c++)
        valid = name_byte_valid(*c);
    const struct node *n = node_child(d->root, pipeline_settings[PIPELINE_NAME].key);
    if (n && !valid && (n->type == NODE_STRING || n->type == NODE_WORD))
        draft_complain(d, NULL, n->at, "name must be 1 to %d letters, digits, '.', '-' or '_', but is %s",
                       NAME_MAX_BYTES, node_phrase(n, d->region));
    d->pipeline->name = valid ? v.text : default_name(d);
}

/* Says why the folder could not be made there. Makes nothing. */
static void check_folder(struct draft *d, const char *key, const char *folder, struct position at)
{
    char *path = region_text(d->region, folder);
    struct stat status;
    while (stat(path, &status) != 0) {
        char *slash = strrchr(path, '/');
        if (errno != ENOENT || strcmp(path, ".") == 0 || strcmp(path, "/") == 0) {
            draft_complain(d, NULL, at, "%s: cannot use '%s': %s", key, path, strerror(errno));
            return;
        }
        if (!slash)
            path = region_text(d->region, ".");
        else
            slash[slash == path] = '\0';
    }
    if (!S_ISDIR(status.st_mode))
        draft_complain(d, NULL, at, "%s: '%s' is not a folder", key, path);
    else if (access(path, W_OK | X_OK) != 0)
        draft_complain(d, NULL, at, "%s: cannot write into '%s': %s", key, path, strerror(errno));
}

static void check_http(struct draft *d)
{
    struct option_value v;
    union endpoint unused;
    const char *why = "";
    int is_set = take(d, PIPELINE_HTTP, &v) == 1;
    d->pipeline->http = text_or_null(&v);
    const struct node *n = node_child(d->root, pipeline_settings[PIPELINE_HTTP].key);
    if (is_set && d->pipeline->http && endpoint_parse(d->pipeline->http, &unused, &why) != 0)
        draft_complain(d, NULL, n->at, "http must be an address and a port, as \"127.0.0.1:9464\", but is %s%s",
                       node_phrase(n, d->region), why);
    is_set = take(d, PIPELINE_HTTP_TOKEN, &v) == 1;
    d->pipeline->http_token = text_or_null(&v);
    size_t length = strlen(v.text);
    int valid = length >= TOKEN_MIN_BYTES && length <= TOKEN_MAX_BYTES;
    for (const char *c = v.text; valid && *c; c++)
        valid = *c > ' ' && *c < 0x7f;
    n = node_child(d->root, pipeline_settings[PIPELINE_HTTP_TOKEN].key);
    if (is_set && d->pipeline->http_token && !valid)
        draft_complain(d, NULL, n->at, "http_token must be %d to %d characters of ASCII without blanks",
                       TOKEN_MIN_BYTES, TOKEN_MAX_BYTES); /* it is not for the log */
}

static void check_pipeline_settings(struct draft *d)
{
    struct option_value v;
    struct pipeline *p = d->pipeline;
    check_name(d);
    take(d, PIPELINE_MEMORY, &v);
    p->memory = (uint64_t)v.integer;
    take(d, PIPELINE_WORKERS_MEMORY, &v);
    p->workers_memory = (uint64_t)v.integer;
    take(d, PIPELINE_CPUS, &v);
    p->cpus = (uint32_t)v.integer;
    take(d, PIPELINE_HUGE_PAGES, &v);
    p->huge_pages = (enum huge_pages)v.integer;
    take(d, PIPELINE_START_TIMEOUT, &v);
    p->start_timeout_ns = (uint64_t)v.integer;
    take(d, PIPELINE_DRAIN_TIMEOUT, &v);
    p->drain_timeout_ns = (uint64_t)v.integer;
    take(d, PIPELINE_PLUGIN_PATH, &v);
    p->plugin_path = text_or_null(&v);
    check_http(d);
    int is_set = take(d, PIPELINE_DEAD_LETTERS, &v) == 1;
    p->dead_letters = text_or_null(&v);
    const struct setting *s = &pipeline_settings[PIPELINE_DEAD_LETTERS];
    if (is_set && p->dead_letters)
        check_folder(d, s->key, p->dead_letters, node_child(d->root, s->key)->at);
}

static void check_keys(struct draft *d)
{
    for (const struct node *n = d->root->first; n; n = n->next) {
        if (setting_index(pipeline_settings, PIPELINE_SETTINGS, n->key) >= 0)
            continue;
        const char *nearest = setting_nearest(pipeline_settings, PIPELINE_SETTINGS, n->key);
        const char *hint = draft_hint(d, nearest);
        if (!nearest && setting_index(stage_settings, STAGE_SETTINGS, n->key) >= 0)
            hint = ": it belongs into a stage";
        draft_complain(d, NULL, n->key_at, "unknown setting '%s'%s", n->key, hint);
    }
}

/* Finds the groups of the stages, and makes room for them. */
static int find_stages(struct draft *d)
{
    const struct node *list = node_child(d->root, pipeline_settings[PIPELINE_STAGES].key);
    if (list && list->type != NODE_LIST) {
        draft_complain(d, NULL, list->at,
                       "stages must be a list of groups, as ( { processor = \"files.read\"; }, ... ), but is %s",
                       node_phrase(list, d->region));
        return -EINVAL;
    }
    if (!list || !list->first) {
        draft_complain(d, NULL, list ? list->at : d->root->at,
                       "there are no stages: add stages = ( { processor = \"files.read\"; }, ... )");
        return -EINVAL;
    }
    for (const struct node *n = list->first; n; n = n->next)
        if (n->type != NODE_GROUP)
            draft_complain(d, NULL, n->at, "a stage must be a group, as { processor = \"files.read\"; }, but is %s",
                           node_phrase(n, d->region));
    size_t n = naming_stages(list, d->stages, PIPELINE_STAGES_MAX + 1);
    if (n > PIPELINE_STAGES_MAX) {
        draft_complain(d, NULL, d->stages[PIPELINE_STAGES_MAX]->at,
                       "a pipeline has at most %d stages, but this has %zu", PIPELINE_STAGES_MAX, n);
        return -EINVAL;
    }
    d->pipeline->n_stages = (uint32_t)n;
    d->pipeline->stages = region_alloc(d->region, (n + 1) * sizeof *d->pipeline->stages);
    return n > 0 ? 0 : -EINVAL;
}

/* What the stages are to have, at the least, has to fit; rings and journals come on top, when the memory is laid out.
 */
static void check_memory(struct draft *d)
{
    const struct pipeline *p = d->pipeline;
    uint64_t needed = 0;
    const struct node *n = node_child(d->root, pipeline_settings[PIPELINE_MEMORY].key);
    for (uint32_t i = 0; i < p->n_stages; i++)
        needed += p->stages[i].memory > 0 ? p->stages[i].memory : stage_memory_min;
    if (p->memory > 0 && needed > p->memory)
        draft_complain(d, NULL, n ? n->at : d->root->at,
                       "memory is %" PRIu64 "M, but the stages need %" PRIu64
                       "M: what their own settings say, and at least 2M each",
                       p->memory >> 20, (needed + (UINT64_C(1) << 20) - 1) >> 20);
}

static uint32_t usable_cores(const struct pipeline *p)
{
    cpu_set_t set;
    int n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    uint32_t cores = n < 1 ? 1 : (uint32_t)n;
    return p->cpus > 0 && p->cpus < cores ? p->cpus : cores;
}

/* A worker makes frames in memory that is its own meanwhile, and has a journal there: a stage that may have any number
 * has one for each piece of its share at most, and may have one for each core at least. */
static void limit_workers(struct pipeline *p)
{
    uint32_t cores = usable_cores(p), makers = 0;
    for (uint32_t i = 0; i < p->n_stages; i++)
        makers += !p->stages[i].is_sink;
    for (uint32_t i = 0; i < p->n_stages; i++) {
        struct stage *s = &p->stages[i];
        if (!s->workers_auto)
            continue;
        uint64_t most = p->memory / stage_memory_min / (makers > 0 ? makers : 1);
        most = most < cores ? cores : most;
        most = most > STAGE_WORKERS_MAX ? STAGE_WORKERS_MAX : most;
        s->workers_max = most > s->workers_min ? (uint32_t)most : s->workers_min;
    }
}

static void check_stages(struct draft *d)
{
    struct pipeline *p = d->pipeline;
    struct option_value ordered;
    struct wiring wiring;
    const char *names[PIPELINE_STAGES_MAX];
    take(d, PIPELINE_ORDERED, &ordered);
    if (find_stages(d))
        return;
    naming_assign(d->stages, p->n_stages, d->region, names);
    for (uint32_t i = 0; i < p->n_stages; i++)
        p->stages[i].name = region_text(d->region, names[i]);
    for (uint32_t i = 0; i < p->n_stages; i++)
        stage_check(d, i, (int)ordered.integer);
    check_memory(d);
    limit_workers(p);
    enum wiring_state state = inputs_read(d, &wiring) ? WIRING_IN_PART : WIRING_COMPLETE;
    edges_check(d, &wiring, state);
    if (d->complaints->n == 0)
        edges_arrange(d, &wiring);
}

int checker_run(struct catalogue *c, const struct node *root, const char *file, struct complaints *complaints,
                struct pipeline **out)
{
    struct draft d = {.catalogue = c, .complaints = complaints, .root = root};
    struct pipeline *p = d.pipeline = pipeline_create(&d.region);
    p->file = region_text(d.region, file);
    check_keys(&d);
    check_pipeline_settings(&d);
    check_stages(&d);
    if (complaints->n > 0) {
        pipeline_destroy(&p);
        return -EINVAL;
    }
    *out = p;
    return 0;
}
