#include "recording.h"

#include <cstring>

Recording::Recording(std::vector<Region> regions, const Outside &outside) : regions_(std::move(regions))
{
    for (const Region &r : regions_) {
        auto *at = static_cast<const uint8_t *>(r.at);
        first_.insert(first_.end(), at, at + r.bytes);
    }
    last_ = shown_ = first_;
    states_.push_back({0, outside, {}});
}

std::vector<Recording::Line> Recording::Follow()
{
    std::vector<Line> lines;
    size_t start = 0;
    for (const Region &r : regions_) {
        auto *at = static_cast<const uint8_t *>(r.at);
        if (memcmp(&last_[start], at, r.bytes) != 0)
            for (size_t o = 0; o < r.bytes; o += LINE)
                if (memcmp(&last_[start + o], at + o, LINE) != 0) {
                    Line line = {start + o, {}};
                    memcpy(line.bytes, at + o, LINE);
                    memcpy(&last_[start + o], at + o, LINE);
                    lines.push_back(line);
                }
        start += r.bytes;
    }
    return lines;
}

bool Recording::Note(uint64_t at, const Outside &outside)
{
    std::vector<Line> lines = Follow();
    if (lines.empty() && outside == states_.back().outside)
        return false;
    states_.push_back({at, outside, std::move(lines)});
    return true;
}

void Recording::PutBack(size_t state)
{
    if (state < shown_state_) {
        shown_ = first_;
        shown_state_ = 0;
    }
    while (shown_state_ < state)
        for (const Line &line : states_[++shown_state_].lines)
            memcpy(&shown_[line.offset], line.bytes, LINE);
    size_t start = 0;
    for (const Region &r : regions_) {
        memcpy(r.at, &shown_[start], r.bytes);
        start += r.bytes;
    }
}

std::string Recording::Difference(const Recording &a, const Recording &b)
{
    for (size_t i = 0; i < a.size() && i < b.size(); i++) {
        const State &x = a.states_[i], &y = b.states_[i];
        bool same = x.outside == y.outside && x.lines.size() == y.lines.size();
        for (size_t l = 0; same && l < x.lines.size(); l++)
            same = x.lines[l].offset == y.lines[l].offset && memcmp(x.lines[l].bytes, y.lines[l].bytes, LINE) == 0;
        if (!same)
            return "state " + std::to_string(i) + " differs";
    }
    if (a.size() != b.size())
        return std::to_string(a.size()) + " states, and " + std::to_string(b.size());
    return "";
}
