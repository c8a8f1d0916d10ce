#include "dead_letter.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "frame_json.h"
#include "slot.h"
#include "view.h"

static int make_folder(const char *path)
{
    return mkdir(path, 0777) != 0 && errno != EEXIST ? -errno : 0;
}

int dead_letter_make_folder(const char *path)
{
    char *copy = strdup(path);
    if (!copy)
        return -ENOMEM;
    int error = 0;
    for (char *slash = copy + (*copy == '/'); !error && (slash = strchr(slash, '/')); *slash++ = '/') {
        *slash = 0;
        error = make_folder(copy);
    }
    if (!error)
        error = make_folder(copy);
    free(copy);
    return error;
}

static int open_folder(struct dead_letter_box *box)
{
    box->folder = open(box->segment->pipeline->dead_letters, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return box->folder < 0 ? -errno : 0;
}

int dead_letter_open(struct dead_letter_box *box, const struct segment *s, uint32_t stage, uint32_t worker,
                     const struct log *log)
{
    *box = (struct dead_letter_box){.segment = s, .log = log, .stage = stage, .worker = worker, .folder = -1};
    if (!s->pipeline->dead_letters)
        return 0;
    int error = open_folder(box);
    if (error == -ENOENT && dead_letter_make_folder(s->pipeline->dead_letters) == 0) {
        log_write(log, LOG_LEVEL_WARNING, "the folder for dead letters '%s' was gone, and is made again",
                  s->pipeline->dead_letters);
        error = open_folder(box);
    }
    return error;
}

/* An object that is being made; `failed`: some of it is missing, for want of memory, and it is not to be
 * written. */
struct letter {
    json_t *object;
    int failed;
};

/* Takes the value; NULL is want of memory. */
static void set(struct letter *l, const char *key, json_t *value)
{
    if (json_object_set_new(l->object, key, value) != 0)
        l->failed = 1;
}

static void describe_frame(const struct dead_letter_box *box, const struct view *v, struct letter *letter)
{
    const struct arena *arena = &box->segment->arena;
    const struct processor_description *p = box->segment->pipeline->stages[box->stage].description;
    if (v->frame.port < p->n_inputs)
        set(letter, "port", json_string(p->inputs[v->frame.port].name));
    set(letter, "sequence", json_integer((json_int_t)v->frame.sequence));
    set(letter, "key", json_integer((json_int_t)v->frame.key));
    set(letter, "time_ns", json_integer(v->frame.time_ns));
    set(letter, "type", json_integer(v->frame.type));
    set(letter, "size", json_integer((json_int_t)v->frame.size));
    set(letter, "attributes", json_attributes(v->attributes ? view_attributes(v, arena) : NULL, v->attributes));
}

static void describe(const struct dead_letter_box *box, const struct refusal *r, struct letter *letter)
{
    const struct pipeline *p = box->segment->pipeline;
    const struct stage *stage = &p->stages[box->stage];
    const char *signal = r->signal ? sigabbrev_np(r->signal) : NULL;
    char signal_name[16];
    snprintf(signal_name, sizeof signal_name, "SIG%s", signal ? signal : "?");
    set(letter, "pipeline", json_string(p->name));
    set(letter, "stage", json_string(stage->name));
    set(letter, "processor", json_string(stage->processor));
    set(letter, "version", json_string(stage->description->version));
    set(letter, "worker", json_integer(box->worker));
    set(letter, "reason", json_text_or_hex(r->reason, strlen(r->reason)));
    set(letter, "signal", r->signal ? json_string(signal_name) : json_null());
    set(letter, "attempts", json_integer(r->attempts));
    set(letter, "run", json_integer((json_int_t)box->segment->super->run_id));
    set(letter, "position", json_integer((json_int_t)r->position));
}

void dead_letter_name(const struct segment *s, uint32_t stage, uint32_t worker, uint64_t position,
                      char name[LETTER_NAME_BYTES])
{
    char source[16] = "";
    if (s->pipeline->stages[stage].is_source)
        snprintf(source, sizeof source, ".%" PRIu32, worker);
    snprintf(name, LETTER_NAME_BYTES, "%.80s%s-%" PRIu64 "-%09" PRIu64, s->pipeline->stages[stage].name, source,
             s->super->run_id, position);
}

static int put_letter(struct dead_letter_box *box, const struct refusal *r, const struct view *v)
{
    char name[LETTER_NAME_BYTES], file[LETTER_NAME_BYTES];
    dead_letter_name(box->segment, box->stage, box->worker, r->position, name);
    struct letter letter = {json_object(), 0};
    int error = 0;
    describe(box, r, &letter);
    if (v) {
        snprintf(file, sizeof file, "%.140s.bin", name);
        describe_frame(box, v, &letter);
        set(&letter, "payload", json_string(file));
        error = letter_file_put(box->folder, file, v->frame.data, v->frame.size);
    }
    char *text = letter.failed ? NULL : letter_file_text(letter.object);
    json_decref(letter.object);
    snprintf(file, sizeof file, "%.140s.json", name);
    if (!error)
        error = text ? letter_file_put(box->folder, file, (const uint8_t *)text, strlen(text)) : -ENOMEM;
    free(text);
    return error;
}

void dead_letter_write(void *context, const struct refusal *refusal, const struct descriptor *frame)
{
    struct dead_letter_box *box = context;
    struct view v = {0};
    if (frame && view_open(&v, &box->segment->arena, frame, HOLDER_STAGE(box->stage)) != 0)
        frame = NULL;
    int error = box->folder < 0 ? 0 : put_letter(box, refusal, frame ? &v : NULL);
    if (error) {
        log_write(box->log, LOG_LEVEL_ERROR, "cannot write a dead letter into '%s': %s",
                  box->segment->pipeline->dead_letters, strerror(-error));
        slot_leave(segment_slot(box->segment, box->stage, box->worker), WORKER_FATAL);
    }
    log_frame(box->log, LOG_LEVEL_WARNING, frame ? v.frame.sequence : refusal->position, "refused: %s",
              refusal->reason);
}
