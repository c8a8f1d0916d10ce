// What micropipe graph draws of a running pipeline's status.
extern "C" {
#include "graph_drawing.h"
}

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace
{

const char kStatus[] = R"({
  "ok": true, "pipeline": "photos", "bottleneck": "decode",
  "edges": [
    {"from": "photos", "port": "out", "to": "decode", "when_full": "block"},
    {"from": "decode", "port": "errors", "to": "log", "when_full": "drop"},
    {"from": "decode", "port": "out", "to": "nowhere", "when_full": "block"}
  ],
  "stages": [
    {"name": "photos", "processor": "files.read", "kind": "source", "workers": 1, "in_rate": 0.0, "out_rate": 1234.0,
     "busy": 0.01, "starved": 0.0, "blocked": 0.99, "queue": 0, "queued": 0},
    {"name": "decode", "processor": "image.decode", "kind": "filter", "workers": 3, "in_rate": 1200.0, "out_rate": 1190.0,
     "busy": 0.96, "starved": 0.03, "blocked": 0.01, "queue": 4096, "queued": 3072},
    {"name": "log", "processor": "text.write", "kind": "sink", "workers": 1, "in_rate": 2.0, "out_rate": 2.0,
     "busy": 0.02, "starved": 0.98, "blocked": 0.0, "queue": 4096, "queued": 0}
  ]
})";

class GraphDrawing : public testing::Test
{
  protected:
    void Draw(const char *status, graph_load load)
    {
        json_t *parsed = json_loads(status, 0, nullptr);
        ASSERT_NE(parsed, nullptr);
        graph_draw_status(drawing_.get(), parsed, load);
        json_decref(parsed);
    }

    std::vector<std::string> Lines(uint32_t box) const
    {
        const struct drawing_box &b = drawing_->boxes[box];
        return {b.lines, b.lines + b.n_lines};
    }

    std::unique_ptr<struct drawing> drawing_ = std::make_unique<struct drawing>();
};

using Texts = std::vector<std::string>;

} // namespace

TEST_F(GraphDrawing, WithoutLoadIsStagesAndEdgesOnly)
{
    Draw(kStatus, LOAD_HIDDEN);
    EXPECT_STREQ(drawing_->title, "photos");
    ASSERT_EQ(drawing_->n_boxes, 3u);
    EXPECT_EQ(Lines(1), (Texts{"decode", "image.decode"}));
    EXPECT_EQ(drawing_->boxes[1].shade, SHADE_NONE);
    EXPECT_FALSE(drawing_->boxes[1].marked);
    EXPECT_EQ(drawing_->edges[0].shade, SHADE_NONE);
}

TEST_F(GraphDrawing, EdgesHaveTheNamesOfPortsAndAreDashedWhereFramesAreDropped)
{
    Draw(kStatus, LOAD_HIDDEN);
    ASSERT_EQ(drawing_->n_edges, 2u) << "one leads nowhere";
    EXPECT_STREQ(drawing_->edges[0].out, "") << "the usual port goes without saying";
    EXPECT_FALSE(drawing_->edges[0].is_dashed);
    EXPECT_STREQ(drawing_->edges[1].out, "errors");
    EXPECT_STREQ(drawing_->edges[1].in, "drop");
    EXPECT_TRUE(drawing_->edges[1].is_dashed);
}

TEST_F(GraphDrawing, LoadIsWhatGoesThroughWhereTimeGoesAndHowFullTheRingIs)
{
    Draw(kStatus, LOAD_SHOWN);
    EXPECT_EQ(Lines(0), (Texts{"photos", "files.read", "1 worker, 1.2 k/s", "busy 1 %, starved 0 %, blocked 99 %"}));
    EXPECT_EQ(Lines(1), (Texts{"decode  (the bottleneck)", "image.decode", "3 workers, 1.2 k/s",
                               "busy 96 %, starved 3 %, blocked 1 %", "ring 75 % full"}));
    EXPECT_TRUE(drawing_->boxes[1].marked);
}

TEST_F(GraphDrawing, BoxesAreShadedByHowBusyAndEdgesByHowFullTheyAre)
{
    Draw(kStatus, LOAD_SHOWN);
    EXPECT_EQ(drawing_->boxes[0].shade, SHADE_IDLE);
    EXPECT_EQ(drawing_->boxes[1].shade, SHADE_FULL);
    EXPECT_EQ(drawing_->boxes[2].shade, SHADE_LIGHT);
    EXPECT_EQ(drawing_->edges[0].shade, SHADE_BUSY);
    EXPECT_EQ(drawing_->edges[1].shade, SHADE_IDLE);
}

TEST_F(GraphDrawing, WhatAnAnswerDoesNotHaveIsLeftOut)
{
    Draw(R"({"stages": [{"name": "a", "workers": 2}, {"name": 7}, 8], "edges": [{"from": "a", "to": "a"}, 9]})",
         LOAD_SHOWN);
    ASSERT_EQ(drawing_->n_boxes, 3u);
    EXPECT_EQ(Lines(0), (Texts{"a", "", "2 workers"}));
    EXPECT_EQ(drawing_->boxes[0].shade, SHADE_NONE);
    EXPECT_EQ(drawing_->n_edges, 0u);
    Draw("[]", LOAD_SHOWN);
    EXPECT_EQ(drawing_->n_boxes, 0u);
}
