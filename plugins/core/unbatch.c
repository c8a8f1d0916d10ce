/* core.unbatch: gives back the frames of a batch, each with its bytes, sequence, key, time, type and attributes.
 *
 * A batch may have more frames than a transaction holds, or than there is memory for at once. So the place within the
 * batch is in the state and commits with the frames sent so far: whoever gets the batch again goes on from there.
 */
#include <stdlib.h>
#include <string.h>

#include "batch_format.h"
#include "core.h"

enum { OWN_TYPES = 128 }; /* types from here on are not the project's: see <micropipe/frame.h> */

/* The place, and which batch it belongs to: a batch that was given up half-way must not leave it to the next. */
struct unbatch_state {
    uint64_t sequence, size; /* of the batch */
    uint64_t offset;         /* of the next record */
    uint32_t count, index;   /* records of the batch; the next one. index 0: no place */
};

struct unbatch {
    const mpipe_host *host;
    struct unbatch_state *state;
};

struct attribute_name {
    char text[256];
};

static struct attribute_name name_of(const struct batch_attribute *attribute)
{
    struct attribute_name name;
    memcpy(name.text, attribute->name, attribute->name_size);
    name.text[attribute->name_size] = '\0';
    return name;
}

/* An empty frame that need not move for what it gets: of two sizes at once a share of one span has no room. The largest
 * of all takes whole spans, and has that room in any case. */
static mpipe_frame *create(const struct unbatch *u, const mpipe_io *io, const struct batch_record *record)
{
    struct batch_attribute attribute;
    int has_more = record->key || record->time_ns || record->type >= OWN_TYPES || record->attributes_size;
    uint64_t roomy = record->size + (has_more ? MPIPE_TAIL_ROOM : 0);
    for (uint32_t offset = 0; batch_attribute_at(record, &offset, &attribute);)
        roomy += mpipe_attribute_room(name_of(&attribute).text, attribute.value_size);
    return mpipe_create(io, roomy <= u->host->max_frame ? roomy : record->size, NULL);
}

static mpipe_status set_attributes(const mpipe_io *io, const struct batch_record *record, mpipe_frame **frame)
{
    struct batch_attribute attribute;
    for (uint32_t offset = 0; batch_attribute_at(record, &offset, &attribute);) {
        const struct attribute_name name = name_of(&attribute);
        mpipe_status status = mpipe_set_attribute(io, frame, name.text, attribute.value, attribute.value_size);
        if (status != MPIPE_OK)
            return status;
    }
    return MPIPE_OK;
}

/* MPIPE_NO_MEMORY: nothing has changed, and no frame is left over. */
static mpipe_status try_to_send(const struct unbatch *u, const mpipe_io *io, const struct batch_record *record)
{
    mpipe_frame *frame = create(u, io, record);
    if (!frame)
        return MPIPE_NO_MEMORY;
    mpipe_status status = set_attributes(io, record, &frame);
    if (status == MPIPE_OK)
        status = mpipe_resize(io, &frame, record->size);
    uint8_t *to = status == MPIPE_OK ? mpipe_writable(io, &frame) : NULL;
    if (to) {
        memcpy(to, record->payload, record->size);
        frame->sequence = record->sequence;
        frame->key = record->key;
        frame->time_ns = record->time_ns;
        frame->type = record->type;
        status = mpipe_emit_sync(io, 0, frame, MPIPE_FOREVER);
        if (status == MPIPE_OK)
            return MPIPE_OK;
    }
    mpipe_drop(io, frame);
    return status == MPIPE_OK ? MPIPE_NO_MEMORY : status;
}

/* Without room: what was sent so far goes out, which may make some. */
static mpipe_status send_frame(const struct unbatch *u, const mpipe_io *io, const struct batch_record *record)
{
    mpipe_status status = try_to_send(u, io, record);
    if (status != MPIPE_NO_MEMORY)
        return status;
    status = mpipe_flush_out(io, MPIPE_FOREVER);
    return status < 0 ? status : try_to_send(u, io, record);
}

static void find_place(struct unbatch_state *s, const mpipe_frame *batch, uint32_t count)
{
    if (s->index && s->sequence == batch->sequence && s->size == batch->size && s->count == count)
        return;
    *s = (struct unbatch_state){
        .sequence = batch->sequence, .size = batch->size, .offset = BATCH_HEADER_SIZE, .count = count};
}

/* Sends nothing of a batch that it refuses. */
static mpipe_status check(const struct unbatch *u, const mpipe_io *io, const mpipe_frame *batch, uint32_t *count)
{
    struct batch_summary summary;
    const char *problem = batch_check(batch->data, batch->size, &summary);
    if (problem)
        return mpipe_fail(io, MPIPE_BAD_FRAME, "not a batch: %s", problem);
    if (summary.largest > u->host->max_frame)
        return mpipe_fail(io, MPIPE_BAD_FRAME,
                          "a frame in it has %llu bytes, and stage '%s' can create %llu at most: raise its memory",
                          (unsigned long long)summary.largest, u->host->stage, (unsigned long long)u->host->max_frame);
    *count = summary.count;
    return MPIPE_OK;
}

static mpipe_status send_frames(const struct unbatch *u, const mpipe_io *io, const mpipe_frame *batch)
{
    struct unbatch_state *s = u->state;
    uint32_t count = 0;
    mpipe_status status = check(u, io, batch, &count);
    if (status != MPIPE_OK)
        return status;
    find_place(s, batch, count);
    while (s->index < count) {
        struct batch_record record;
        uint64_t offset = s->offset;
        batch_record_at(batch->data, &offset, &record);
        status = send_frame(u, io, &record);
        if (status != MPIPE_OK)
            return status;
        s->offset = offset; /* after the emit: a commit inside it covers only the frames before this one */
        s->index++;
    }
    s->index = 0;
    return MPIPE_OK;
}

static mpipe_status unbatch_run(void *self, const mpipe_io *io)
{
    for (;;) {
        mpipe_frame *batch;
        mpipe_status status = mpipe_get_sync(io, MPIPE_ANY_PORT, MPIPE_FOREVER, &batch);
        if (status == MPIPE_END || status == MPIPE_STOP)
            return MPIPE_OK;
        if (status == MPIPE_OK)
            status = send_frames(self, io, batch);
        if (status < 0)
            return status;
    }
}

static mpipe_status unbatch_open(const mpipe_host *host, void *shared, void **self)
{
    (void)shared;
    struct unbatch *u = calloc(1, sizeof *u);
    if (!u)
        return MPIPE_NO_MEMORY;
    u->host = host;
    u->state = host->state;
    *self = u;
    return MPIPE_OK;
}

const mpipe_processor core_unbatch = {
    MPIPE_PROCESSOR,
    .flags = MPIPE_STATELESS | MPIPE_DETERMINISTIC | MPIPE_RESUMABLE,
    .name = "unbatch",
    .summary = "Gives back the frames that core.batch packed",
    .example = "core.generate count=1000 | core.batch size=100 | core.unbatch | core.null",
    .state_size = sizeof(struct unbatch_state),
    .open = unbatch_open,
    .run = unbatch_run,
    .close = free,
};
