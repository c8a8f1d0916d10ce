#include "sweep.h"

#include <cstring>

#include "stepped.h"

Snapshot::Snapshot(const std::vector<Region> &regions) : regions_(regions)
{
    for (const Region &r : regions_)
        bytes_.emplace_back(r.bytes);
    Take();
}

void Snapshot::Take()
{
    for (size_t i = 0; i < regions_.size(); i++)
        memcpy(bytes_[i].data(), regions_[i].at, regions_[i].bytes);
}

void Snapshot::PutBack() const
{
    for (size_t i = 0; i < regions_.size(); i++)
        memcpy(regions_[i].at, bytes_[i].data(), regions_[i].bytes);
}

bool Snapshot::Follow()
{
    bool same = true;
    for (size_t i = 0; i < regions_.size(); i++) {
        if (memcmp(bytes_[i].data(), regions_[i].at, regions_[i].bytes) == 0)
            continue;
        memcpy(bytes_[i].data(), regions_[i].at, regions_[i].bytes);
        same = false;
    }
    return same;
}

SweepResult Sweep(const std::vector<Region> &watched, const std::vector<Region> &kept, const std::function<int()> &body,
                  const SweepHooks &hooks)
{
    SweepResult result = {};
    Stepped process(body);
    Snapshot seen(watched);
    Snapshot whole(kept);
    for (bool changed = true; !process.ended(); result.steps++) {
        if (changed) {
            result.states++;
            whole.Take();
            if (hooks.state)
                hooks.state(result.steps);
            whole.PutBack();
        }
        if (hooks.before_sleep && process.AboutToSleep()) {
            hooks.before_sleep();
            seen.Take();
        }
        process.Step();
        changed = !seen.Follow();
    }
    result.exit_code = process.result();
    return result;
}
