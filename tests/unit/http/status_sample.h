// A status as the control socket has it, for the tests of what is made of it.
#ifndef STATUS_SAMPLE_H
#define STATUS_SAMPLE_H

#include <jansson.h>

#include <memory>
#include <string>

using Status = std::unique_ptr<json_t, void (*)(json_t *)>;

inline Status StatusOf(const std::string &text)
{
    return {json_loads(text.c_str(), 0, nullptr), [](json_t *j) { json_decref(j); }};
}

constexpr const char *STATUS = R"({"ok": true, "pipeline": "p\"q", "state": "running", "elapsed_s": 1.5, "cpus": 2.0,
  "memory": {"arena_bytes": 1000, "arena_used_bytes": 10, "workers_limit_bytes": 300, "workers_granted_bytes": null,
             "workers_used_bytes": 200, "report": "text"},
  "stages": [
    {"name": "read", "state": "running", "workers": 1, "in": 12, "out": 10, "dropped": 0, "dead": 2, "in_flight": 0,
     "busy_s": 0.25, "memory_bytes": null},
    {"name": "write", "state": "running", "workers": 3, "in": 9007199254740993, "out": 7, "dropped": 1, "dead": 0,
     "in_flight": 2, "busy_s": 1e-3, "memory_bytes": 4096,
     "ring_histogram": {"count": 5, "sum_s": 0.75, "buckets": [[0.134217728, 1], [0.536870912, 4]]}}
  ]})";

#endif
