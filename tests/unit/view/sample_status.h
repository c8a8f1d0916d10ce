// A status as a pipeline would answer, of a pipeline in trouble: `decode` holds up the rest, and dies now and then.
#ifndef SAMPLE_STATUS_H
#define SAMPLE_STATUS_H

#include <gtest/gtest.h>
#include <jansson.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

extern "C" {
#include "canvas.h"
}

using Json = std::unique_ptr<json_t, void (*)(json_t *)>;

inline Json Parsed(const std::string &text)
{
    json_error_t error;
    Json json(json_loads(text.c_str(), 0, &error), [](json_t *j) { json_decref(j); });
    EXPECT_NE(json.get(), nullptr) << error.text << " in " << text;
    return json;
}

// One stage; `more` are fields that replace or follow these.
inline std::string StageText(const std::string &name, const std::string &kind, const std::string &more = "")
{
    return R"({"name": ")" + name + R"(", "processor": "image.)" + name + R"(", "kind": ")" + kind + R"(",
        "state": "running", "workers": 1, "workers_wanted": 1, "workers_max": 1, "workers_by": "configuration",
        "ordered": false, "sandbox": "io", "in": 123456, "out": 123400, "dropped": 0, "dead": 0, "in_flight": 56,
        "queued": 50, "queue": 4096, "restarts": 0, "emitted": 123400, "in_rate": 1234.5, "out_rate": 1230.0,
        "bytes_in_rate": 45100000.0, "bytes_out_rate": 90000000.0, "busy": 0.25, "blocked": 0.25, "starved": 0.5,
        "ring_s": {"p50": 0.0012, "p90": 0.0034, "p99": 0.045, "max": 0.1, "count": 77},
        "process_s": {"p50": 0.000120, "p90": 0.00034, "p99": 0.0005, "max": 0.001, "count": 1234},
        "memory_bytes": 47185920)" +
           (more.empty() ? "" : ", " + more) + "}";
}

inline std::string WorkerText(int worker, const std::string &state, const std::string &more)
{
    return R"({"worker": )" + std::to_string(worker) + R"(, "pid": )" + std::to_string(4000 + worker) +
           R"(, "state": ")" + state + R"(", "state_s": 0.0021, "cpu_s": 83.2, "cpu": 0.97, "done": 61720, )" + more +
           "}";
}

// A stage that waits for its input, but for a share of its time.
inline std::string Quiet(double busy, double bytes)
{
    return R"("in": 50316, "out": 50316, "in_flight": 0, "queued": 0, "in_rate": 612.0, "out_rate": 612.0, "blocked": 0,
        "bytes_in_rate": )" +
           std::to_string(bytes) + ", \"busy\": " + std::to_string(busy) + ", \"starved\": " + std::to_string(1 - busy);
}

inline Json SampleStatus()
{
    const std::string workers = WorkerText(0, "busy", R"("frame": 123455, "frame_s": 0.0021, "deaths": 2)") + "," +
                                WorkerText(1, "wait input", R"("frame": null, "frame_s": null, "deaths": 0)");
    return Parsed(
        R"({"ok": true, "pipeline": "photos-to-shards", "pid": 3999, "state": "running", "elapsed_s": 83.25,
        "cpus": 2.0, "limited_by": "cpu 98 % used by the stages",
        "bottleneck": "decode", "memory": {"arena_bytes": 536870912, "arena_used_bytes": 47185920, "report": ""},
        "stages": [)" +
        StageText("photos", "source",
                  R"("queue": 0, "queued": 0, "ring_s": null, "done": 30, "total": 120, "busy": 0.04, "blocked": 0.96,
                  "starved": 0, "bytes_out_rate": 4200000.0, "out_rate": 612.4, "memory_bytes": 3145728,
                  "process_s": {"p50": 0.000061, "p90": 0.000070, "p99": 0.0012, "max": 0.0042, "count": 612}, "in": 54321,
                  "out": 54321, "in_flight": 0)") +
        "," +
        StageText("decode", "filter",
                  R"("workers": 2, "workers_wanted": 2, "workers_max": 4, "workers_by": "scaler", "queued": 4000,
                  "in": 54321, "out": 50316, "in_flight": 4002, "in_rate": 611.0, "out_rate": 612.0,
                  "bytes_in_rate": 4190000.0, "dead": 3, "restarts": 2, "busy": 0.98, "blocked": 0.0, "starved": 0.02,
                  "ring_s": {"p50": 6.5, "p90": 6.6, "p99": 6.7, "max": 6.7, "count": 12},
                  "process_s": {"p50": 0.0031, "p90": 0.0045, "p99": 0.012, "max": 0.021, "count": 612},
                  "worker_list": [)" +
                      workers + "]") +
        "," + StageText("resize", "filter", Quiet(0.31, 190000000)) + "," +
        StageText("center_crop", "filter", Quiet(0.02, 98000000)) + "," +
        StageText("encode", "filter", Quiet(0.44, 92000000)) + "," +
        StageText("shards", "sink", Quiet(0.05, 11000000)) +
        R"(], "decisions": [{"at_s": 1.2, "stage": "decode", "from": 1, "to": 2,
        "why": "it would hold back the rest: 1 carry 612 frames/s of the source, 1224 can be had"},
        {"at_s": 62.0, "stage": "encode", "from": 2, "to": 1, "why": "1 carries all that comes"}]})");
}

// What a page looks like, as text.
template <typename Draw>
std::string Drawn(size_t width, size_t height, Draw draw, glyphs as = GLYPHS_ASCII)
{
    canvas c;
    canvas_init(&c, width, height, as);
    draw(&c);
    char *text = nullptr;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);
    canvas_print(&c, f);
    fclose(f);
    std::string all(text, size);
    free(text);
    canvas_free(&c);
    return all;
}

#endif
