#include "checked_trace.h"

#include <jansson.h>

#include <algorithm>
#include <memory>

namespace
{

using Json = std::unique_ptr<json_t, void (*)(json_t *)>;

std::string Text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

class Reader
{
  public:
    Reader(CheckedTrace &trace, bool unended) : trace_(trace), unended_(unended) {}

    void Read(const json_t *array)
    {
        size_t i;
        json_t *event;
        json_array_foreach(array, i, event) Event(i, event);
        for (auto &[tid, track] : tracks_) {
            if (track.name.empty())
                Problem("track " + std::to_string(tid) + " has no name");
            if (!track.open.empty() && !unended_)
                Problem(track.name + ": '" + track.open.back().name + "' does not end");
            for (TraceSpan &span : track.open)
                trace_.spans.push_back(span);
        }
        for (auto &[pid, seen] : processes_)
            if (names_.count(pid) == 0)
                Problem("process " + std::to_string(pid) + " has no name");
        for (auto &[id, arrow] : arrows_)
            Arrow(id, arrow);
    }

  private:
    struct Track {
        std::string name;
        long long pid = 0;
        double last_us = -1;
        std::vector<TraceSpan> open;
        std::vector<std::pair<double, double>> outermost; // from, to
    };
    struct End {
        int n = 0;
        long long tid = 0, sequence = 0;
        double at_us = 0;
    };

    void Problem(const std::string &what) { trace_.problems.push_back(what); }

    void Event(size_t i, const json_t *event)
    {
        std::string phase = Text(event, "ph");
        long long pid = json_integer_value(json_object_get(event, "pid"));
        long long tid = json_integer_value(json_object_get(event, "tid"));
        double at = json_number_value(json_object_get(event, "ts"));
        std::string where = "event " + std::to_string(i) + " (" + phase + "): ";
        if (phase == "M") {
            Name(event, pid, tid);
            return;
        }
        processes_[pid] = true;
        if (pid <= 0 || !json_is_number(json_object_get(event, "ts")) || at < 0)
            Problem(where + "no pid, or no time");
        if (phase == "C")
            trace_.counts.push_back(
                {names_[pid], at, json_integer_value(json_object_get(json_object_get(event, "args"), "frames"))});
        else if (phase == "i" && Text(event, "s") == "p")
            trace_.marks.push_back({names_[pid], "", Text(event, "name"), Why(event), at});
        else if (phase == "s" || phase == "f")
            FlowEnd(event, phase == "s" ? out_ : in_, tid, at);
        else if (tid == 0 || (phase != "B" && phase != "E" && phase != "i"))
            Problem(where + "of no kind that is known, or on no track");
        else
            OnTrack(event, phase, pid, tid, at, where);
    }

    void Name(const json_t *event, long long pid, long long tid)
    {
        std::string name = Text(json_object_get(event, "args"), "name"), what = Text(event, "name");
        if (what == "process_name")
            names_[pid] = name;
        else if (what == "thread_name") {
            tracks_[tid].name = name;
            tracks_[tid].pid = pid;
        }
    }

    static std::string Why(const json_t *event) { return Text(json_object_get(event, "args"), "why"); }

    void OnTrack(const json_t *event, const std::string &phase, long long pid, long long tid, double at,
                 const std::string &where)
    {
        Track &track = tracks_[tid];
        if (at < track.last_us)
            Problem(where + track.name + ": time goes back");
        if (track.pid != pid)
            Problem(where + track.name + ": belongs to another process");
        track.last_us = at;
        if (phase == "i") {
            trace_.marks.push_back({names_[pid], track.name, Text(event, "name"), Why(event), at});
        } else if (phase == "B") {
            TraceSpan span{names_[pid], track.name, Text(event, "name"), at, at - 1, {}};
            const char *key;
            json_t *value;
            json_object_foreach(json_object_get(event, "args"), key, value) span.arguments[key] =
                json_integer_value(value);
            if (span.name.empty())
                Problem(where + "a span without a name");
            track.open.push_back(span);
        } else if (track.open.empty()) {
            Problem(where + track.name + ": ends what did not begin");
        } else {
            track.open.back().end_us = at;
            trace_.spans.push_back(track.open.back());
            track.open.pop_back();
            if (track.open.empty())
                track.outermost.emplace_back(trace_.spans.back().begin_us, at);
        }
    }

    void FlowEnd(const json_t *event, std::map<long long, End> &ends, long long tid, double at)
    {
        long long id = json_integer_value(json_object_get(event, "id"));
        End &end = ends[id];
        end = {end.n + 1, tid, json_integer_value(json_object_get(json_object_get(event, "args"), "sequence")), at};
        arrows_[id] = true;
        if (&ends == &in_ && Text(event, "bp") != "e")
            Problem("arrow " + std::to_string(id) + " does not end at the span around it");
    }

    bool IsInASpan(const End &end)
    {
        const auto &spans = tracks_[end.tid].outermost;
        auto after = std::upper_bound(spans.begin(), spans.end(), std::make_pair(end.at_us, 1e300));
        bool inside = after != spans.begin() && std::prev(after)->second >= end.at_us;
        return inside || !tracks_[end.tid].open.empty();
    }

    void Arrow(long long id, bool)
    {
        const End &out = out_[id], &in = in_[id];
        std::string what = "arrow " + std::to_string(id);
        if (out.n != 1 || in.n != 1)
            Problem(what + " has " + std::to_string(out.n) + " begins and " + std::to_string(in.n) + " ends");
        else if (out.at_us > in.at_us || out.sequence != in.sequence)
            Problem(what + " ends before it begins, or as another frame");
        else if (!IsInASpan(out) || !IsInASpan(in))
            Problem(what + " hangs in the air");
        else
            trace_.flows.push_back({tracks_[out.tid].name, tracks_[in.tid].name, out.sequence});
    }

    CheckedTrace &trace_;
    bool unended_;
    std::map<long long, Track> tracks_;
    std::map<long long, bool> processes_, arrows_;
    std::map<long long, std::string> names_;
    std::map<long long, End> out_, in_;
};

} // namespace

CheckedTrace::CheckedTrace(std::string text, bool unended)
{
    json_error_t error;
    if (unended && !text.empty() && text.substr(text.size() - 2) != "]\n") /* killed in the middle of a write */
        text = text.substr(0, text.rfind(",\n")) + "]";
    Json array(json_loadb(text.data(), text.size(), JSON_REJECT_DUPLICATES, &error), json_decref);
    if (!json_is_array(array.get()))
        problems.push_back(std::string("no JSON array: ") + error.text + ", line " + std::to_string(error.line));
    else
        Reader(*this, unended).Read(array.get());
}

std::string CheckedTrace::Problems() const
{
    std::string all;
    for (size_t i = 0; i < problems.size() && i < 10; i++)
        all += problems[i] + "\n";
    return problems.size() > 10 ? all + "and " + std::to_string(problems.size() - 10) + " more\n" : all;
}

size_t CheckedTrace::Spans(const std::string &track, const std::string &name) const
{
    return static_cast<size_t>(std::count_if(spans.begin(), spans.end(),
                                             [&](const TraceSpan &s) { return s.track == track && s.name == name; }));
}

double CheckedTrace::Us(const std::string &track, const std::string &name) const
{
    double us = 0;
    for (const TraceSpan &s : spans)
        us += s.track == track && s.name == name && s.end_us >= s.begin_us ? s.us() : 0;
    return us;
}

size_t CheckedTrace::Marks(const std::string &name) const
{
    return static_cast<size_t>(
        std::count_if(marks.begin(), marks.end(), [&](const TraceMark &m) { return m.name == name; }));
}
