#include "batch_format.h"

#include <endian.h>
#include <string.h>

/* What a frame can have at most; all attributes together count without our own headers. */
enum { NAME_MAX_SIZE = 255, ATTRIBUTES_MAX_SIZE = 64 * 1024 };

static const char magic[8] = {'M', 'P', 'B', 'A', 'T', 'C', 'H', '1'};

static uint64_t padded(uint64_t size)
{
    return (size + 7) & ~7ull;
}

static uint8_t *put_u32(uint8_t *to, uint32_t value)
{
    value = htole32(value);
    memcpy(to, &value, sizeof value);
    return to + sizeof value;
}

static uint8_t *put_u64(uint8_t *to, uint64_t value)
{
    value = htole64(value);
    memcpy(to, &value, sizeof value);
    return to + sizeof value;
}

static uint8_t *put_bytes(uint8_t *to, const void *from, uint64_t n)
{
    memcpy(to, from, n);
    return to + n;
}

static uint8_t *put_zeros(uint8_t *to, uint64_t n)
{
    memset(to, 0, n);
    return to + n;
}

static uint32_t get_u32(const uint8_t *from)
{
    uint32_t value;
    memcpy(&value, from, sizeof value);
    return le32toh(value);
}

static uint64_t get_u64(const uint8_t *from)
{
    uint64_t value;
    memcpy(&value, from, sizeof value);
    return le64toh(value);
}

static uint64_t attributes_size(const mpipe_io *io, const mpipe_frame *frame)
{
    const char *name;
    const void *value;
    uint64_t size, total = 0;
    for (uint32_t i = 0; mpipe_attribute_at(io, frame, i, &name, &value, &size) == MPIPE_OK; i++)
        total += BATCH_ATTRIBUTE_SIZE + padded(strlen(name) + size);
    return total;
}

uint64_t batch_frame_size(const mpipe_io *io, const mpipe_frame *frame)
{
    return BATCH_RECORD_SIZE + attributes_size(io, frame) + padded(frame->size);
}

uint8_t *batch_put_header(uint8_t *to, uint32_t count, uint64_t size)
{
    to = put_bytes(to, magic, sizeof magic);
    to = put_u32(to, count);
    to = put_u32(to, 0);
    return put_u64(to, size);
}

static uint8_t *put_attributes(const mpipe_io *io, const mpipe_frame *frame, uint8_t *to)
{
    const char *name;
    const void *value;
    uint64_t size;
    for (uint32_t i = 0; mpipe_attribute_at(io, frame, i, &name, &value, &size) == MPIPE_OK; i++) {
        size_t name_size = strlen(name);
        to = put_u32(to, (uint32_t)name_size);
        to = put_u32(to, (uint32_t)size);
        to = put_bytes(to, name, name_size);
        to = put_bytes(to, value, size);
        to = put_zeros(to, padded(name_size + size) - name_size - size);
    }
    return to;
}

uint8_t *batch_put_frame(const mpipe_io *io, const mpipe_frame *frame, uint8_t *to)
{
    to = put_u64(to, frame->size);
    to = put_u64(to, frame->sequence);
    to = put_u64(to, frame->key);
    to = put_u64(to, (uint64_t)frame->time_ns);
    to = put_u32(to, frame->type);
    uint8_t *size_of_attributes = to, *attributes = to + 4;
    to = put_attributes(io, frame, attributes);
    put_u32(size_of_attributes, (uint32_t)(to - attributes));
    to = put_bytes(to, frame->data, frame->size);
    return put_zeros(to, padded(frame->size) - frame->size);
}

static const char *check_attributes(const uint8_t *data, uint32_t size)
{
    uint64_t total = 0;
    for (uint32_t offset = 0; offset < size;) {
        if (size - offset < BATCH_ATTRIBUTE_SIZE)
            return "the header of an attribute is cut off";
        uint64_t name_size = get_u32(data + offset), value_size = get_u32(data + offset + 4);
        offset += BATCH_ATTRIBUTE_SIZE;
        if (name_size == 0 || name_size > NAME_MAX_SIZE)
            return "the name of an attribute is empty or has more than 255 bytes";
        if (padded(name_size + value_size) > size - offset)
            return "an attribute is longer than the attributes of its frame";
        if (memchr(data + offset, 0, name_size))
            return "the name of an attribute has a zero in it";
        offset += (uint32_t)padded(name_size + value_size);
        total += name_size + value_size;
    }
    if (total > ATTRIBUTES_MAX_SIZE)
        return "a frame has more than 64 KiB of attributes";
    return NULL;
}

/* `left` bytes from the record on. *size: of the frame; *used: how many bytes it takes. */
static const char *check_record(const uint8_t *record, uint64_t left, uint64_t *frame_size, uint64_t *used)
{
    if (left < BATCH_RECORD_SIZE)
        return "the header of a frame is cut off";
    uint64_t size = get_u64(record);
    uint32_t attributes = get_u32(record + 36);
    left -= BATCH_RECORD_SIZE;
    if (attributes % 8 || attributes > left)
        return "the attributes of a frame reach beyond the end";
    left -= attributes;
    if (size > left || padded(size) > left)
        return "a frame reaches beyond the end";
    *frame_size = size;
    *used = BATCH_RECORD_SIZE + attributes + padded(size);
    return check_attributes(record + BATCH_RECORD_SIZE, attributes);
}

const char *batch_check(const uint8_t *data, uint64_t size, struct batch_summary *summary)
{
    if (size < BATCH_HEADER_SIZE)
        return "it is shorter than the header";
    if (memcmp(data, magic, sizeof magic) != 0)
        return "it does not begin with MPBATCH1";
    if (get_u64(data + 16) != size)
        return "its size is not the one in its header: it was cut, or something was appended";
    uint32_t count = get_u32(data + 8);
    uint64_t offset = BATCH_HEADER_SIZE, largest = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t frame_size = 0, used = 0;
        const char *problem = check_record(data + offset, size - offset, &frame_size, &used);
        if (problem)
            return problem;
        offset += used;
        largest = frame_size > largest ? frame_size : largest;
    }
    if (offset != size)
        return "there are bytes after its last frame";
    *summary = (struct batch_summary){.count = count, .largest = largest};
    return NULL;
}

void batch_record_at(const uint8_t *data, uint64_t *offset, struct batch_record *record)
{
    const uint8_t *from = data + *offset;
    record->size = get_u64(from);
    record->sequence = get_u64(from + 8);
    record->key = get_u64(from + 16);
    record->time_ns = (int64_t)get_u64(from + 24);
    record->type = get_u32(from + 32);
    record->attributes_size = get_u32(from + 36);
    record->attributes = from + BATCH_RECORD_SIZE;
    record->payload = record->attributes + record->attributes_size;
    *offset += BATCH_RECORD_SIZE + record->attributes_size + padded(record->size);
}

int batch_attribute_at(const struct batch_record *record, uint32_t *offset, struct batch_attribute *attribute)
{
    if (*offset >= record->attributes_size)
        return 0;
    const uint8_t *from = record->attributes + *offset;
    attribute->name_size = get_u32(from);
    attribute->value_size = get_u32(from + 4);
    attribute->name = (const char *)from + BATCH_ATTRIBUTE_SIZE;
    attribute->value = from + BATCH_ATTRIBUTE_SIZE + attribute->name_size;
    *offset += BATCH_ATTRIBUTE_SIZE + (uint32_t)padded((uint64_t)attribute->name_size + attribute->value_size);
    return 1;
}
