#include "processor.h"

#include <micropipe/host.h>
#include <micropipe/io.h>

#include <cstring>

namespace
{

mpipe_status Open(const mpipe_host *host, void *shared, void **self)
{
    Hands *h = static_cast<Hands *>(shared) + host->worker;
    h->counts = static_cast<Counts *>(host->state);
    h->n_kept = 0;
    *self = h;
    return MPIPE_OK;
}

mpipe_status Emit(const mpipe_io *io, const Hands *h, uint32_t number, const mpipe_frame *parent)
{
    mpipe_frame *made = mpipe_create(io, h->part->room, parent);
    uint8_t *bytes = made ? mpipe_writable(io, &made) : nullptr;
    if (!bytes)
        return MPIPE_NO_MEMORY;
    memcpy(bytes, &number, sizeof number);
    mpipe_resize(io, &made, sizeof number);
    return mpipe_emit(io, 0, made);
}

mpipe_status Reshape(const mpipe_io *io, const Hands *h, uint32_t number, const mpipe_frame *parent)
{
    mpipe_frame *draft = mpipe_create(io, h->part->room, parent);
    if (!draft)
        return MPIPE_NO_MEMORY;
    mpipe_status status = Emit(io, h, number, draft);
    mpipe_drop(io, draft);
    return status;
}

mpipe_status Generate(void *self, const mpipe_io *io, mpipe_frame *)
{
    auto *h = static_cast<Hands *>(self);
    if (h->counts->made == h->frames)
        return MPIPE_END;
    mpipe_status status = Emit(io, h, h->part->first_frame + h->counts->made, nullptr);
    h->counts->made += status == MPIPE_OK;
    return status;
}

mpipe_status EmitKept(Hands *h, const mpipe_io *io)
{
    mpipe_status status = MPIPE_OK;
    for (uint32_t i = 0; i < h->n_kept && status == MPIPE_OK; i++)
        status = mpipe_emit(io, 0, h->kept[i]);
    h->n_kept = 0;
    return status;
}

mpipe_status Keep(Hands *h, const mpipe_io *io, mpipe_frame *frame)
{
    mpipe_status status = mpipe_keep(io, frame);
    if (status == MPIPE_OK)
        h->kept[h->n_kept++] = frame;
    return status;
}

mpipe_status Take(void *self, const mpipe_io *io, mpipe_frame *frame)
{
    auto *h = static_cast<Hands *>(self);
    uint32_t number = 0;
    if (frame->flags & MPIPE_FRAME_KEPT)
        return Keep(h, io, frame);
    memcpy(&number, frame->data, sizeof number);
    if (h->part->poison && number % h->part->poison == 1)
        Machine::Running()->Exit(-11);
    switch (h->part->role) {
    case Role::FORWARD:
        return mpipe_emit(io, 0, frame);
    case Role::CHILD:
        return Emit(io, h, number, frame);
    case Role::RESHAPE:
        return Reshape(io, h, number, frame);
    case Role::KEEP:
        if (h->n_kept < h->part->kept)
            return Keep(h, io, frame);
        EmitKept(h, io);
        return mpipe_emit(io, 0, frame);
    default:
        h->counts->seen[number]++;
        h->counts->out_of_order += number + 1 <= h->counts->last_plus_1;
        h->counts->last_plus_1 = number + 1;
        return MPIPE_OK;
    }
}

mpipe_status Flush(void *self, const mpipe_io *io)
{
    return EmitKept(static_cast<Hands *>(self), io);
}

mpipe_processor Make(const char *name, mpipe_status (*process)(void *, const mpipe_io *, mpipe_frame *))
{
    mpipe_processor p = {};
    p.struct_size = sizeof p;
    p.name = name;
    p.state_size = sizeof(Counts);
    p.open = Open;
    p.process = process;
    p.flush = process == Take ? Flush : nullptr;
    return p;
}

} // namespace

const mpipe_processor sim_source = Make("sim_source", Generate);
const mpipe_processor sim_filter = Make("sim_filter", Take);
