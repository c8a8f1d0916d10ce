// A trace of a run, read as Perfetto reads it, and every way in which it is not as the format wants it.
#ifndef CHECKED_TRACE_H
#define CHECKED_TRACE_H

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

struct TraceSpan {
    std::string process, track, name; // "decode (image.decode)", "decode/0", "process"
    double begin_us, end_us;          // end_us < begin_us: it did not end
    std::map<std::string, long long> arguments;

    double us() const { return end_us - begin_us; }
};

struct TraceMark {
    std::string process, track, name, why; // track: "" of a whole stage
    double at_us;
};

struct TraceFlow {
    std::string from, to; // tracks
    long long sequence;
};

struct TraceCount {
    std::string process;
    double at_us;
    long long value;
};

struct CheckedTrace {
    std::vector<std::string> problems;
    std::vector<TraceSpan> spans; // by their ends
    std::vector<TraceMark> marks;
    std::vector<TraceFlow> flows;
    std::vector<TraceCount> counts;

    // A problem is whatever is no JSON (with `unended`, as Perfetto reads it: up to the last object that is whole), an
    // end without a begin, a begin without an end (unless `unended` are allowed), time that goes back on a track, a
    // track without a name, an arrow with one end or one that starts in no span.
    explicit CheckedTrace(std::string text, bool unended = false);

    std::string Problems() const; // the first few, "" if there are none
    size_t Spans(const std::string &track, const std::string &name) const;
    double Us(const std::string &track, const std::string &name) const; // all that time
    size_t Marks(const std::string &name) const;
};

#endif
