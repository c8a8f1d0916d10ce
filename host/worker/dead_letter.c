#include "dead_letter.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attributes.h"
#include "cleanup.h"
#include "slot.h"
#include "view.h"

enum { NAME_BYTES = 160, LOGGED_ONE_BY_ONE = 10, LOGGED_EACH = 100 };

int dead_letter_open(struct dead_letter_box *box, const struct segment *s, uint32_t stage, uint32_t worker,
                     const struct log *log)
{
    *box = (struct dead_letter_box){.segment = s, .log = log, .stage = stage, .worker = worker, .folder = -1};
    if (!s->pipeline->dead_letters)
        return 0;
    box->folder = open(s->pipeline->dead_letters, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return box->folder < 0 ? -errno : 0;
}

static int write_all(int fd, const uint8_t *data, uint64_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, data, size > 1 << 30 ? 1 << 30 : size);
        if (n < 0 && errno != EINTR)
            return -errno;
        data += n > 0 ? n : 0;
        size -= n > 0 ? (uint64_t)n : 0;
    }
    return 0;
}

static int put_file(int folder, const char *name, const uint8_t *data, uint64_t size)
{
    char part[NAME_BYTES + 8];
    snprintf(part, sizeof part, ".%s.part", name);
    AUTO_FD int fd = openat(folder, part, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0)
        return -errno;
    int error = write_all(fd, data, size);
    if (!error && renameat(folder, part, folder, name) != 0)
        error = -errno;
    if (error)
        unlinkat(folder, part, 0);
    return error;
}

static json_t *hex_of(const uint8_t *value, uint32_t size)
{
    char *text = malloc(2 * (size_t)size + 1);
    if (!text)
        return NULL;
    for (uint32_t i = 0; i < size; i++)
        snprintf(text + 2 * (size_t)i, 3, "%02x", value[i]);
    json_t *hex = json_pack("{s:s#}", "hex", text, (int)(2 * size));
    free(text);
    return hex;
}

/* Text as text, a shape as numbers, anything else as hexadecimal digits. */
static json_t *attribute_value(const struct attribute *a)
{
    if (strcmp(a->name, MPIPE_ATTR_SHAPE) == 0 && a->size % 8 == 0) {
        json_t *list = json_array();
        for (uint32_t i = 0; i < a->size / 8; i++) {
            uint64_t n;
            memcpy(&n, a->value + 8 * (size_t)i, sizeof n);
            json_array_append_new(list, json_integer((json_int_t)n));
        }
        return list;
    }
    json_t *text = memchr(a->value, 0, a->size) ? NULL : json_stringn((const char *)a->value, a->size);
    return text ? text : hex_of(a->value, a->size);
}

static void describe_frame(json_t *letter, const struct view *v, const struct arena *arena)
{
    json_t *attributes = json_object();
    struct attribute a;
    for (uint32_t at = 0; v->attributes && attributes_next(view_attributes(v, arena), v->attributes, &at, &a);)
        json_object_set_new(attributes, a.name, attribute_value(&a));
    json_object_set_new(letter, "sequence", json_integer((json_int_t)v->frame.sequence));
    json_object_set_new(letter, "key", json_integer((json_int_t)v->frame.key));
    json_object_set_new(letter, "time_ns", json_integer(v->frame.time_ns));
    json_object_set_new(letter, "type", json_integer(v->frame.type));
    json_object_set_new(letter, "size", json_integer((json_int_t)v->frame.size));
    json_object_set_new(letter, "attributes", attributes);
}

static json_t *describe(const struct dead_letter_box *box, const struct refusal *r)
{
    const struct pipeline *p = box->segment->pipeline;
    const struct stage *stage = &p->stages[box->stage];
    const char *signal = r->signal ? sigabbrev_np(r->signal) : NULL;
    char signal_name[16];
    snprintf(signal_name, sizeof signal_name, "SIG%s", signal ? signal : "?");
    json_t *letter = json_object();
    json_object_set_new(letter, "pipeline", json_string(p->name));
    json_object_set_new(letter, "stage", json_string(stage->name));
    json_object_set_new(letter, "processor", json_string(stage->processor));
    json_object_set_new(letter, "version", json_string(stage->description->version));
    json_object_set_new(letter, "worker", json_integer(box->worker));
    json_object_set_new(letter, "reason", json_string(r->reason));
    json_object_set_new(letter, "signal", r->signal ? json_string(signal_name) : json_null());
    json_object_set_new(letter, "attempts", json_integer(r->attempts));
    json_object_set_new(letter, "run", json_integer((json_int_t)box->segment->super->run_id));
    json_object_set_new(letter, "position", json_integer((json_int_t)r->position));
    return letter;
}

static int put_letter(struct dead_letter_box *box, const struct refusal *r, const struct view *v)
{
    const struct stage *stage = &box->segment->pipeline->stages[box->stage];
    char name[NAME_BYTES], file[NAME_BYTES];
    char worker[16] = "";
    if (stage->is_source)
        snprintf(worker, sizeof worker, ".%" PRIu32, box->worker);
    snprintf(name, sizeof name, "%.80s%s-%" PRIu64 "-%09" PRIu64, stage->name, worker, box->segment->super->run_id,
             r->position);
    json_t *letter = describe(box, r);
    int error = 0;
    if (v) {
        snprintf(file, sizeof file, "%.140s.bin", name);
        describe_frame(letter, v, &box->segment->arena);
        json_object_set_new(letter, "payload", json_string(file));
        error = put_file(box->folder, file, v->frame.data, v->frame.size);
    }
    char *text = json_dumps(letter, JSON_INDENT(2));
    json_decref(letter);
    snprintf(file, sizeof file, "%.140s.json", name);
    if (!error)
        error = text ? put_file(box->folder, file, (const uint8_t *)text, strlen(text)) : -ENOMEM;
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
    uint64_t n = ++box->written;
    if (n <= LOGGED_ONE_BY_ONE || n % LOGGED_EACH == 0)
        log_write(box->log, LOG_LEVEL_WARNING, "frame %" PRIu64 " refused: %s%s",
                  frame ? v.frame.sequence : refusal->position, refusal->reason,
                  n == LOGGED_ONE_BY_ONE ? " (from here on only each hundredth is told of)" : "");
}
