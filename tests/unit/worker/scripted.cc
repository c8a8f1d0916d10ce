#include "scripted.h"

namespace
{

mpipe_status Open(const mpipe_host *, void *shared, void **self)
{
    static_cast<Script *>(shared)->open();
    *self = shared;
    return MPIPE_OK;
}

mpipe_status Process(void *self, const mpipe_io *io, mpipe_frame *frame)
{
    return static_cast<Script *>(self)->process(io, frame);
}

mpipe_status Flush(void *self, const mpipe_io *io)
{
    return static_cast<Script *>(self)->flush(io);
}

mpipe_status Run(void *self, const mpipe_io *io)
{
    return static_cast<Script *>(self)->run(io);
}

constexpr mpipe_processor MakePull()
{
    mpipe_processor p = {};
    p.struct_size = sizeof p;
    p.name = "scripted_pull";
    p.open = Open;
    p.run = Run;
    return p;
}

constexpr mpipe_processor Make(uint32_t flags)
{
    mpipe_processor p = {};
    p.struct_size = sizeof p;
    p.flags = flags;
    p.name = "scripted";
    p.open = Open;
    p.process = Process;
    p.flush = Flush;
    return p;
}

} // namespace

const mpipe_processor scripted = Make(0);
const mpipe_processor scripted_mutates = Make(MPIPE_MUTATES);
const mpipe_processor scripted_pull = MakePull();
