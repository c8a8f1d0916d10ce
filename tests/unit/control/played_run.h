// A run of three stages in a row, whose workers are the test's.
#ifndef PLAYED_RUN_H
#define PLAYED_RUN_H

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow" // in C, a function may be named as a struct is
extern "C" {
#include "run.h"
}
#pragma GCC diagnostic pop
#include "world.h"

#include <cstring>
#include <memory>
#include <string>

class PlayedRun
{
  public:
    enum { READ, WORK, WRITE };

    PlayedRun()
    {
        run_->pipeline = world_.pipeline();
        run_->segment = *world_.segment();
    }

    supervisor *get() const { return run_.get(); }

    tap_place *Place() const { return &run_->segment.stages[WORK].tap; }
    uint64_t State() const { return au64_acquire(&Place()->tap->state); }
    void Become(uint64_t state) const { au64_store_release(&Place()->tap->state, state); }

    // A worker of WORK sees that a sample is wanted, and gives one: so much of a payload of `size` bytes. False: none
    // is.
    bool Sample(const std::string &payload, uint64_t size, uint32_t port = 0, const std::string &attributes = "") const
    {
        if (State() != TAP_WANTED)
            return false;
        tap_sample s = {};
        s.sequence = 7;
        s.size = size;
        s.copied = payload.size();
        s.port = port;
        s.attributes = static_cast<uint32_t>(attributes.size());
        memcpy(Place()->payload, payload.data(), payload.size());
        memcpy(Place()->attributes, attributes.data(), attributes.size());
        Place()->tap->sample = s;
        Become(TAP_READY);
        return true;
    }
    bool Sample(const std::string &payload) const { return Sample(payload, payload.size()); }

  private:
    World world_{{{"read", nullptr, 0, 2}, {"work", nullptr, 256, 2}, {"write", nullptr, 256, 1, 1, 0}},
                 {{READ, 0, WORK}, {WORK, 0, WRITE}}};
    std::unique_ptr<supervisor> run_ = std::make_unique<supervisor>();
};

#endif
