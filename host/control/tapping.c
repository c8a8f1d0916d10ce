#include "tapping.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "attributes.h"
#include "base64.h"
#include "cleanup.h"
#include "clock.h"
#include "frame_json.h"
#include "refuse.h"
#include "segment.h"

enum { ROOM_AT_FIRST = 1 << 20, COUNT_MAX = 1000000000 };

#define PERIOD_NS (NS_PER_S / TAPPING_SAMPLES_PER_S)

/* What a client wants. */
struct wish {
    int is_open;
    uint32_t stage;
    uint64_t bytes; /* of a payload in a line */
    int whole;      /* 1: all of it, in a descriptor */
    uint64_t left;  /* frames; UINT64_MAX: no end */
    uint64_t sent, lost;
};

/* A stage whose tap is open, or is to be closed. */
struct tapped {
    int is_open;
    int is_handed_out; /* 1: the sample that is there */
    uint64_t room;     /* bytes of a payload that workers copy */
    uint64_t next;     /* monotonic ns: no sample before */
};

struct tapping {
    int timer, is_ticking;
    struct tapped stages[PIPELINE_STAGES_MAX];
    uint32_t n_wishes;
    struct wish wishes[];
};

struct tapping *tapping_create(uint32_t n_clients)
{
    struct tapping *t = calloc(1, sizeof *t + n_clients * sizeof t->wishes[0]);
    if (!t)
        return NULL;
    t->n_wishes = n_clients;
    t->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (t->timer < 0)
        tapping_destroy(&t);
    return t;
}

void tapping_destroy(struct tapping **t)
{
    if (*t && (*t)->timer >= 0)
        close((*t)->timer);
    free(*t);
    *t = NULL;
}

int tapping_fd(const struct tapping *t)
{
    return t->timer;
}

static const struct tap_place *place_of(const struct supervisor *s, uint32_t stage)
{
    return &operator_segment(s)->stages[stage].tap;
}

static void set_timer(struct tapping *t, int ticks)
{
    long period = ticks ? (long)PERIOD_NS : 0;
    struct itimerspec when = {.it_interval = {0, period}, .it_value = {0, period}};
    if (t->is_ticking != ticks)
        timerfd_settime(t->timer, 0, &when, NULL);
    t->is_ticking = ticks;
}

/* ---- requests ---- */

static json_t *refuse_sink(const struct pipeline *p, uint32_t stage)
{
    const char *from = "";
    for (uint32_t i = 0; i < p->n_edges; i++)
        if (p->edges[i].to == stage)
            from = p->stages[p->edges[i].from].name;
    return refuse("'%.64s' is a sink: no frame leaves it; '%.64s' sends to it", p->stages[stage].name, from);
}

/* NULL, or what is wrong with it. */
static json_t *read_wish(const struct pipeline *p, const json_t *request, struct wish *w)
{
    const char *name = json_string_value(json_object_get(request, "stage"));
    const json_t *count = json_object_get(request, "count"), *bytes = json_object_get(request, "bytes");
    int stage = name ? pipeline_stage(p, name) : -1;
    if (stage < 0)
        return refuse_stage(p, name);
    if (p->stages[stage].is_sink)
        return refuse_sink(p, (uint32_t)stage);
    if (count && (!json_is_integer(count) || json_integer_value(count) < 0 || json_integer_value(count) > COUNT_MAX))
        return refuse("count must be a number of frames up to %d, 0: no end", COUNT_MAX);
    if (bytes &&
        (!json_is_integer(bytes) || json_integer_value(bytes) < 0 || json_integer_value(bytes) > TAPPING_BYTES_MAX))
        return refuse("bytes must be a number from 0 to %d; \"whole\": true gives all of a payload, in a descriptor",
                      TAPPING_BYTES_MAX);
    uint64_t n = (uint64_t)json_integer_value(count);
    *w = (struct wish){.is_open = 1,
                       .stage = (uint32_t)stage,
                       .bytes = bytes ? (uint64_t)json_integer_value(bytes) : TAPPING_BYTES_MAX,
                       .whole = json_is_true(json_object_get(request, "whole")),
                       .left = n ? n : UINT64_MAX};
    return NULL;
}

json_t *tapping_begin(struct tapping *t, struct supervisor *s, uint32_t client, const json_t *request)
{
    const struct pipeline *p = operator_pipeline(s);
    struct wish w = {0};
    json_t *wrong = read_wish(p, request, &w);
    if (wrong)
        return wrong;
    struct tapped *stage = &t->stages[w.stage];
    uint64_t room = w.whole ? ROOM_AT_FIRST : w.bytes;
    stage->room = stage->is_open && stage->room > room ? stage->room : room;
    int error = tap_open(place_of(s, w.stage), stage->room);
    if (error && error != -EBUSY) /* then it is open already */
        return refuse("there is no memory to copy a frame of '%.64s' to: %s", p->stages[w.stage].name,
                      strerror(-error));
    if (!stage->is_open)
        *stage = (struct tapped){.is_open = 1, .room = stage->room};
    t->wishes[client] = w;
    set_timer(t, 1);
    return json_pack("{sb ss ss}", "ok", 1, "stage", p->stages[w.stage].name, "processor",
                     p->stages[w.stage].processor);
}

void tapping_end(struct tapping *t, uint32_t client)
{
    if (t)
        t->wishes[client].is_open = 0; /* the next tick closes the stage's tap, if it was the last */
}

/* ---- samples ---- */

/* A sample, in memory of the host's where it is looked at more than once: a worker may write to the tap. */
struct taken {
    const char *stage;
    const struct stage *of;
    struct tap_sample sample;
    const uint8_t *payload;
    json_t *attributes; /* NULL: no memory */
};

static void read_attributes(const struct tap_place *p, struct taken *taken)
{
    uint32_t n = taken->sample.attributes;
    uint8_t *copy = malloc(n + 1u);
    if (!copy)
        return;
    memcpy(copy, p->attributes, n);
    taken->attributes = json_attributes(copy, n);
    free(copy);
}

/* The payload as a file in memory that nobody can change any more; -1: there is no memory. */
static int seal_payload(const struct taken *t)
{
    int fd = memfd_create("micropipe-tap", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return -1;
    uint64_t done = 0;
    for (ssize_t n; done < t->sample.copied && (n = write(fd, t->payload + done, t->sample.copied - done)) > 0;)
        done += (uint64_t)n;
    if (done == t->sample.copied &&
        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) == 0)
        return fd;
    close(fd);
    return -1;
}

static json_t *number(uint64_t n)
{
    return json_integer((json_int_t)n);
}

/* The line of a frame for a client; NULL: no memory. */
static char *frame_line(const struct taken *t, const struct wish *w)
{
    uint64_t n = t->sample.copied < w->bytes ? t->sample.copied : w->bytes;
    const struct processor_description *p = t->of->description;
    AUTO_FREE char *payload = w->whole ? NULL : base64_encode(t->payload, n);
    json_t *frame = json_pack(
        "{ss so so so so so so so so sO so}", "stage", t->stage, "port",
        t->sample.port < p->n_outputs ? json_string(p->outputs[t->sample.port].name) : json_null(), "worker",
        number(t->sample.worker), "sequence", number(t->sample.sequence), "key", number(t->sample.key), "time_ns",
        number((uint64_t)t->sample.time_ns), "type", number(t->sample.type), "size", number(t->sample.size), "lost",
        number(w->lost), "attributes", t->attributes, w->whole ? "descriptor" : "payload",
        w->whole ? number(t->sample.copied) : json_string(payload)); /* NULL, too: then there is no frame */
    json_t *line = json_pack("{so}", "frame", frame);
    AUTO_FREE char *text = json_dumps(line, JSON_COMPACT);
    char *whole = NULL;
    json_decref(line);
    return text && asprintf(&whole, "%s\n", text) >= 0 ? whole : NULL;
}

static void send_to(struct wish *w, const struct taken *t, uint32_t client, tapping_send *send, void *context)
{
    AUTO_FREE char *text = frame_line(t, w);
    AUTO_FD int fd = text && w->whole ? seal_payload(t) : -1;
    enum tapping_sent sent = TAPPING_BUSY; /* for want of memory, too */
    if (text && (!w->whole || fd >= 0))
        sent = send(context, client, &(struct tapping_line){text, strlen(text), fd});
    w->lost += sent == TAPPING_BUSY;
    w->sent += sent == TAPPING_SENT;
    w->left -= sent == TAPPING_SENT && w->left != UINT64_MAX;
    w->is_open = sent != TAPPING_GONE && w->left > 0;
}

/* Gives a sample to all who want it. Returns how many bytes of a payload the next should have. */
static uint64_t hand_out(struct tapping *t, const struct supervisor *s, uint32_t stage, const struct tap_sample *sample,
                         tapping_send *send, void *context)
{
    const struct tap_place *p = place_of(s, stage);
    const struct stage *of = &operator_pipeline(s)->stages[stage];
    struct taken taken = {of->name, of, *sample, p->payload, NULL};
    int is_cut = sample->copied < sample->size && sample->copied < p->payload_max;
    uint64_t room = 0;
    read_attributes(p, &taken);
    for (uint32_t i = 0; i < t->n_wishes && taken.attributes; i++) {
        struct wish *w = &t->wishes[i];
        if (!w->is_open || w->stage != stage)
            continue;
        uint64_t wanted = !w->whole ? w->bytes : is_cut ? sample->size : t->stages[stage].room;
        room = wanted > room ? wanted : room;
        if (w->whole && is_cut)
            w->lost++; /* the next will be whole */
        else
            send_to(w, &taken, i, send, context);
    }
    json_decref(taken.attributes);
    return room;
}

static int is_wanted(const struct tapping *t, uint32_t stage)
{
    for (uint32_t i = 0; i < t->n_wishes; i++)
        if (t->wishes[i].is_open && t->wishes[i].stage == stage)
            return 1;
    return 0;
}

static void tick_stage(struct tapping *t, struct supervisor *s, uint32_t stage, tapping_send *send, void *context)
{
    struct tapped *tapped = &t->stages[stage];
    const struct tap_place *p = place_of(s, stage);
    struct tap_sample sample;
    uint64_t now = clock_monotonic();
    if (is_wanted(t, stage) && !tapped->is_handed_out && tap_look(p, &sample)) {
        uint64_t room = hand_out(t, s, stage, &sample, send, context);
        tapped->room = room ? room : tapped->room;
        tapped->is_handed_out = 1;
        tapped->next = now + sample.copied * NS_PER_S / TAPPING_BYTES_PER_S;
    }
    if (!is_wanted(t, stage))
        tapped->is_open = tap_close(p) != 0;
    else if (tapped->is_handed_out && now + PERIOD_NS >= tapped->next)
        tapped->is_handed_out = tap_open(p, tapped->room) != 0;
}

void tapping_tick(struct tapping *t, struct supervisor *s, tapping_send *send, void *context)
{
    uint64_t expired;
    int any = 0;
    ssize_t n = read(t->timer, &expired, sizeof expired);
    (void)n; /* so that it is not ready any more */
    for (uint32_t i = 0; i < operator_pipeline(s)->n_stages; i++)
        if (t->stages[i].is_open) {
            tick_stage(t, s, i, send, context);
            any |= t->stages[i].is_open;
        }
    set_timer(t, any);
}
