#include "mixer.h"

#include <micropipe/host.h>
#include <micropipe/io.h>

#include <algorithm>
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
    MixerSetup setup;
    std::deque<mpipe_frame *> kept;
};

mpipe_status Open(const mpipe_host *host, void *shared, void **self)
{
    MixerSetup setup = shared ? *static_cast<MixerSetup *>(shared) : MixerSetup();
    setup.opened();
    *self = new Mixer{static_cast<State *>(host->state), setup, {}};
    return MPIPE_OK;
}

void Close(void *self)
{
    delete static_cast<Mixer *>(self);
}

mpipe_status EmitText(const Mixer *m, const mpipe_io *io, uint32_t port, const mpipe_frame *parent,
                      const std::string &text)
{
    mpipe_frame *child = mpipe_create(io, std::max<uint64_t>(text.size(), m->setup.room), parent);
    uint8_t *bytes = child ? mpipe_writable(io, &child) : nullptr;
    if (!bytes)
        return MPIPE_NO_MEMORY;
    memcpy(bytes, text.data(), text.size());
    mpipe_resize(io, &child, text.size());
    if (m->setup.room == 0)
        child->key = text.size() % 2; // so that some have a tail
    return mpipe_emit(io, port, child);
}

mpipe_status EmitChild(const Mixer *m, const mpipe_io *io, uint32_t port, const mpipe_frame *parent)
{
    std::string text(parent->data, parent->data + parent->size);
    return EmitText(m, io, port, parent, text + "#" + std::to_string(m->state->taken));
}

mpipe_status EmitChildren(const Mixer *m, const mpipe_io *io, std::initializer_list<uint32_t> ports,
                          const mpipe_frame *parent)
{
    mpipe_status status = MPIPE_OK;
    for (auto port = ports.begin(); port != ports.end() && status == MPIPE_OK; ++port)
        status = EmitChild(m, io, *port, parent);
    return status;
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
        EmitText(m, io, 0, m->kept.empty() ? nullptr : m->kept.front(), all + "#" + std::to_string(m->state->taken));
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
        return EmitChildren(m, io, {0, 1}, frame);
    case 's':
        return EmitChildren(m, io, {0, 0, 0}, frame);
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
    case 'q':
        m->setup.asked();
        return mpipe_emit(io, 0, frame);
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

mpipe_status Run(void *self, const mpipe_io *io)
{
    for (;;) {
        mpipe_frame *frame = nullptr;
        mpipe_status status = mpipe_get_sync(io, MPIPE_ANY_PORT, MPIPE_FOREVER, &frame);
        if (status == MPIPE_OK)
            status = Process(self, io, frame);
        else if (status == MPIPE_EMPTY || status == MPIPE_END || status == MPIPE_STOP)
            Flush(self, io);
        if (status == MPIPE_END || status == MPIPE_STOP)
            return MPIPE_OK;
        if (status < 0)
            return status;
    }
}

mpipe_status Generate(void *self, const mpipe_io *io, mpipe_frame *)
{
    auto *m = static_cast<Mixer *>(self);
    uint64_t n = m->state->taken;
    if (n == GENERATED)
        return MPIPE_END;
    m->state->taken++;
    return EmitText(m, io, n % 3 == 2, nullptr, "n" + std::to_string(n));
}

mpipe_processor Describe(const char *name)
{
    mpipe_processor p = {};
    p.struct_size = sizeof p;
    p.name = name;
    p.state_size = sizeof(State);
    p.open = Open;
    p.close = Close;
    return p;
}

mpipe_processor PushStyle(const char *name, mpipe_status (*process)(void *, const mpipe_io *, mpipe_frame *))
{
    mpipe_processor p = Describe(name);
    p.process = process;
    p.flush = process == Process ? Flush : nullptr;
    return p;
}

mpipe_processor PullStyle(const char *name)
{
    mpipe_processor p = Describe(name);
    p.run = Run;
    return p;
}

} // namespace

const mpipe_processor mixer = PushStyle("mixer", Process);
const mpipe_processor mixer_pull = PullStyle("mixer_pull");
const mpipe_processor generator = PushStyle("generator", Generate);
