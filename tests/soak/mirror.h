// A copy of the shared memory of a pipeline that runs in another process, laid out as the host lays it out: for a look
// at its rings, journals, spans and blocks from outside, while it runs or is at rest.
#pragma once

#include <cstdint>
#include <string>
#include <sys/types.h>
#include <vector>

extern "C" {
#include "catalogue.h"
#include "parse.h"
#include "segment.h"
}

#include "ledger.h"

namespace soak
{

// What holds memory.
struct Holdings {
    uint64_t held = 0, pending = 0;             // blocks with a holder; blocks that nobody has published
    uint64_t spans_in_use = 0, spans_owned = 0; // spans with a block in use; spans that a slot allocates from
};

class Mirror
{
  public:
    // Throws if the configuration is wrong.
    Mirror(const std::string &file, const std::string &packs);
    ~Mirror();
    Mirror(const Mirror &) = delete;
    Mirror &operator=(const Mirror &) = delete;

    // Finds the memory of the host. False: it has none yet.
    bool attach(pid_t host);

    // Copies all but the arena. False: the host is gone.
    bool read_control();

    uint32_t stages() const { return pipeline_->n_stages; }
    uint32_t slots() const { return segment_.n_slots; }
    uint32_t slots_of(const std::string &name) const { return segment_.stages[stage(name)].n_slots; }
    bool has_stage(const std::string &name) const { return pipeline_stage(pipeline_, name.c_str()) >= 0; }

    // Of the last read_control().
    const slot *slot_of(const std::string &stage, uint32_t worker) const;
    void read_slot(const std::string &stage, uint32_t worker); // copies what the slot says before its journal
    uint64_t transactions(const std::string &stage, uint32_t worker) const;
    bool is_empty() const; // no frame in a ring, none claimed, no transaction between claim and end
    bool is_idle() const;  // every slot has a worker that has begun, and waits for input
    uint64_t kept() const; // frames that stages keep
    uint64_t made() const; // frames that the source has made
    const ledger *books(const std::string &stage) const; // of a verifying sink

    // Looks at every block: exact if the pipeline is at rest.
    Holdings holdings() const;

  private:
    uint32_t stage(const std::string &name) const;
    void copy(uint64_t offset, uint64_t size) const;
    void count_blocks(uint32_t number, Holdings &found) const;

    struct catalogue *catalogue_ = nullptr;
    struct pipeline *pipeline_ = nullptr;
    mutable struct segment segment_ = {};
    int memory_ = -1;     // /proc/HOST/mem
    uint64_t theirs_ = 0; // where the host has it
};

} // namespace soak
