// The foreman: has stages get more and fewer workers at random, over the control socket, as an operator would.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace soak
{

// A stage that has a choice.
struct Elastic {
    std::string stage;
    unsigned most;
};

class Foreman
{
  public:
    Foreman(std::string pipeline, std::vector<Elastic> stages, uint64_t seed)
        : pipeline_(std::move(pipeline)), stages_(std::move(stages)), random_(seed)
    {
    }

    // Any number for any stage, or back to the scaler. False: the pipeline did not do it.
    bool scale();

    // All that each may have: what is compared at rest.
    bool man_all();

    uint64_t scaled() const { return scaled_; }

  private:
    bool ask(const std::string &stage, unsigned workers); // 0: auto

    std::string pipeline_;
    std::vector<Elastic> stages_;
    std::mt19937_64 random_;
    uint64_t scaled_ = 0;
};

} // namespace soak
