#include "fluid.h"

#include <algorithm>

Fluid::Fluid(double all_cpus, std::vector<FluidStage> all) : stages(std::move(all)), cpus(all_cpus)
{
    std::vector<scaler_stage> built;
    for (uint32_t i = 0; i < stages.size(); i++) {
        if (i > 0 && stages[i].feeders == 0)
            stages[i].feeders = 1ull << (i - 1);
        built.push_back({stages[i].feeders, 1, stages[i].max, 0, 64, i + 1 == stages.size()});
    }
    scaler_init(&scaler_, built.data(), static_cast<uint32_t>(built.size()), now_);
}

double Fluid::Visits(uint32_t stage) const
{
    double fed = stages[stage].feeders == 0 ? 1 : 0;
    for (uint32_t i = 0; i < stage; i++)
        if (stages[stage].feeders >> i & 1)
            fed += Visits(i) * stages[stage].ratio;
    return fed;
}

// All workers are busy at a stage that limits, and a device that they wait for makes each frame longer.
double Fluid::Wait(uint32_t stage) const
{
    const FluidStage &s = stages[stage];
    double crowd = s.device != 0 && Workers(stage) > s.device ? Workers(stage) / static_cast<double>(s.device) : 1;
    return s.wait_s * crowd;
}

double Fluid::Rate() const
{
    double rate = 1e9, cpu_s = 0;
    for (uint32_t i = 0; i < stages.size(); i++) {
        rate = std::min(rate, Workers(i) / (Visits(i) * (stages[i].cpu_s + Wait(i))));
        cpu_s += Visits(i) * stages[i].cpu_s;
    }
    return source_share * std::min(rate, cpus / cpu_s);
}

uint64_t Fluid::Bytes() const
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < stages.size(); i++)
        bytes += Workers(i) * stages[i].bytes;
    return bytes;
}

const scaler_verdict &Fluid::Tick()
{
    const uint64_t dt = NS_PER_S / 2;
    double rate = Rate();
    now_ += dt;
    seen_.cpus = cpus;
    seen_.memory = memory;
    for (uint32_t i = 0; i < stages.size(); i++) {
        stage_observation &o = seen_.stages[i];
        double frames = rate * Visits(i) * 0.5, worked = frames * (stages[i].cpu_s + Wait(i)) * 1e9;
        double idle = std::max(0.0, Workers(i) * static_cast<double>(dt) - worked);
        o.arrived += static_cast<uint64_t>(frames);
        o.passed += static_cast<uint64_t>(frames);
        o.done += static_cast<uint64_t>(frames);
        o.busy_ns += static_cast<uint64_t>(worked);
        o.cpu_ns += static_cast<uint64_t>(frames * stages[i].cpu_s * 1e9);
        (i == 0 && source_share == 1 ? o.wait_output_ns : o.wait_input_ns) += static_cast<uint64_t>(idle);
        o.live = Workers(i);
        o.worker_bytes = stages[i].bytes;
    }
    scaler_decide(&scaler_, &seen_, now_, &verdict_);
    return verdict_;
}

std::vector<scaler_decision> Fluid::Run(double seconds)
{
    std::vector<scaler_decision> all;
    for (int i = 0; i < seconds * 2; i++) {
        const scaler_verdict &v = Tick();
        all.insert(all.end(), v.decisions, v.decisions + v.n);
    }
    return all;
}
