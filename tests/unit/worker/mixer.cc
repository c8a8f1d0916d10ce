#include "mixer.h"

#include <micropipe/host.h>
#include <micropipe/io.h>

#include <cstdio>
#include <cstring>
#include <deque>
#include <string>

namespace
{

struct State {
    uint64_t taken, bytes;
};

struct Mixer {
    State *state;
    std::deque<mpipe_frame *> kept;
};

mpipe_status Open(const mpipe_host *host, void *shared, void **self)
{
    if (shared)
        (*static_cast<MixerOpened *>(shared))();
    *self = new Mixer{static_cast<State *>(host->state), {}};
    return MPIPE_OK;
}

void Close(void *self)
{
    delete static_cast<Mixer *>(self);
}

mpipe_status EmitText(const mpipe_io *io, uint32_t port, const mpipe_frame *parent, const std::string &text)
{
    mpipe_frame *child = mpipe_create(io, text.size(), parent);
    uint8_t *bytes = child ? mpipe_writable(io, &child) : nullptr;
    if (!bytes)
        return MPIPE_NO_MEMORY;
    memcpy(bytes, text.data(), text.size());
    mpipe_resize(io, &child, text.size());
    child->key = text.size() % 2; // so that some have a tail
    return mpipe_emit(io, port, child);
}

mpipe_status EmitChild(const Mixer *m, const mpipe_io *io, uint32_t port, const mpipe_frame *parent)
{
    std::string text(parent->data, parent->data + parent->size);
    return EmitText(io, port, parent, text + "#" + std::to_string(m->state->taken));
}

mpipe_status Change(const mpipe_io *io, mpipe_frame *frame)
{
    uint8_t *bytes = mpipe_writable(io, &frame);
    if (!bytes)
        return MPIPE_NO_MEMORY;
    bytes[0] = 'W';
    return mpipe_emit(io, 0, frame);
}

mpipe_frame *Oldest(Mixer *m)
{
    mpipe_frame *frame = m->kept.front();
    m->kept.pop_front();
    return frame;
}

mpipe_status Keep(Mixer *m, const mpipe_io *io, mpipe_frame *frame)
{
    mpipe_status status = mpipe_keep(io, frame);
    if (status == MPIPE_OK)
        m->kept.push_back(frame);
    return status;
}

mpipe_status EmitBatch(Mixer *m, const mpipe_io *io)
{
    std::string all;
    for (const mpipe_frame *frame : m->kept)
        all += std::string(frame->data, frame->data + frame->size) + "+";
    mpipe_status status =
        EmitText(io, 0, m->kept.empty() ? nullptr : m->kept.front(), all + "#" + std::to_string(m->state->taken));
    while (status == MPIPE_OK && !m->kept.empty())
        mpipe_drop(io, Oldest(m));
    return status;
}

mpipe_status Act(Mixer *m, const mpipe_io *io, mpipe_frame *frame, char what)
{
    switch (what) {
    case 'f':
        return mpipe_emit(io, 0, frame);
    case 'F':
        return mpipe_emit(io, 1, frame);
    case 'c':
        return EmitChild(m, io, 0, frame);
    case 'C':
        EmitChild(m, io, 0, frame);
        return EmitChild(m, io, 1, frame);
    case 's':
        EmitChild(m, io, 0, frame);
        EmitChild(m, io, 0, frame);
        return EmitChild(m, io, 0, frame);
    case 'w':
        return Change(io, frame);
    case 'x':
        return mpipe_create(io, 5, frame) ? MPIPE_OK : MPIPE_NO_MEMORY;
    case 'k':
        return Keep(m, io, frame);
    case 'e':
        if (!m->kept.empty())
            mpipe_emit(io, 0, Oldest(m));
        return mpipe_emit(io, 0, frame);
    case 'g':
        if (!m->kept.empty())
            mpipe_drop(io, Oldest(m));
        return MPIPE_OK;
    case 'b':
        return EmitBatch(m, io);
    case 'r':
        return MPIPE_BAD_FRAME;
    default:
        return MPIPE_OK;
    }
}

mpipe_status Process(void *self, const mpipe_io *io, mpipe_frame *frame)
{
    auto *m = static_cast<Mixer *>(self);
    if (frame->flags & MPIPE_FRAME_KEPT)
        return Keep(m, io, frame);
    State before = *m->state;
    m->state->taken++;
    m->state->bytes += frame->size;
    mpipe_status status = Act(m, io, frame, frame->size ? static_cast<char>(frame->data[0]) : 'd');
    if (status == MPIPE_BAD_FRAME)
        *m->state = before;
    return status;
}

mpipe_status Flush(void *self, const mpipe_io *io)
{
    auto *m = static_cast<Mixer *>(self);
    while (!m->kept.empty())
        mpipe_emit(io, 0, Oldest(m));
    return MPIPE_OK;
}

} // namespace

const mpipe_processor mixer = {
    MPIPE_PROCESSOR, 0,
    "mixer",         "Does what the frame says.",
    nullptr,         nullptr,
    nullptr,         nullptr,
    nullptr,         sizeof(State),
    nullptr,         Open,
    Process,         nullptr,
    Flush,           Close,
    nullptr,
};
