// A rule decides how many workers each stage of a simulated pipeline has. Ours, and three to compare it with.
#ifndef RULE_H
#define RULE_H

#include <memory>
#include <string>
#include <vector>

#include "shape.h"

extern "C" {
#include "scaler.h"
}

class Rule
{
  public:
    virtual ~Rule() = default;
    // Each half second: reads what was seen, and changes `workers`.
    virtual void Decide(const observation &seen, double now_s, std::vector<uint32_t> &workers) = 0;
};

enum class RuleKind { SCALER, QUEUE, DS2, SLOW };

const char *rule_name(RuleKind kind);

// `log`: say each decision of the scaler on stdout.
std::unique_ptr<Rule> rule_make(RuleKind kind, const Shape &shape, bool log);

#endif
