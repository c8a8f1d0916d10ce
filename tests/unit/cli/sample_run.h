/* A pipeline and its figures, made by hand. */
#ifndef SAMPLE_RUN_H
#define SAMPLE_RUN_H

extern "C" {
#include "summary.h"
}
#include <string>
#include <vector>

/* Stages in a row: the first is a source, the last a sink. Figures are zero until they are set. */
class SampleRun
{
  public:
    explicit SampleRun(std::vector<std::string> names) : names_(std::move(names)), stages_(names_.size())
    {
        for (size_t i = 0; i < names_.size(); i++) {
            stages_[i].name = names_[i].data();
            stages_[i].processor = names_[i].data();
            stages_[i].workers_min = stages_[i].workers_max = 1;
            result.last.stages[i].workers_wanted = 1;
            stages_[i].is_source = i == 0;
            stages_[i].is_sink = i + 1 == names_.size();
            result.last.stages[i].name = result.last.stages[i].processor = names_[i].c_str();
            result.last.stages[i].state = STAGE_ENDED;
            if (i > 0)
                edges_.push_back(Between(i - 1, i));
        }
        config.name = name_.data();
        config.stages = stages_.data();
        config.n_stages = static_cast<uint32_t>(stages_.size());
        config.edges = edges_.data();
        config.n_edges = static_cast<uint32_t>(edges_.size());
        config.memory = 256 << 20;
        result.pipeline = &config;
        result.last.pipeline = config.name;
        result.last.n_stages = config.n_stages;
    }
    SampleRun(const SampleRun &) = delete;
    SampleRun &operator=(const SampleRun &) = delete;

    stage_snapshot &stage(size_t i) { return result.last.stages[i]; }
    ::stage &configured(size_t i) { return stages_[i]; }
    snapshot &now() { return result.last; }

    /* `frames` came in and were passed on, of `size` bytes each. */
    void Pass(size_t i, uint64_t frames, uint64_t size)
    {
        stage(i).in = stage(i).out = frames;
        stage(i).emitted = stages_[i].is_sink ? 0 : frames;
        stage(i).bytes_in = stages_[i].is_source ? 0 : frames * size;
        stage(i).bytes_out = stages_[i].is_sink ? 0 : frames * size;
    }

    pipeline config = {};
    summary result = {};

  private:
    static edge Between(size_t from, size_t to)
    {
        edge e = {};
        e.from = static_cast<uint32_t>(from);
        e.to = static_cast<uint32_t>(to);
        return e;
    }

    std::string name_ = "photos";
    std::vector<std::string> names_;
    std::vector<::stage> stages_;
    std::vector<edge> edges_;
};

constexpr uint64_t kSecond = 1000000000;
constexpr uint64_t kMillisecond = 1000000;

#endif
