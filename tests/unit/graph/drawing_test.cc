// A drawing, and what Graphviz and Mermaid are told of it.
#include "sketch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using testing::HasSubstr;
using testing::Not;

TEST(Drawing, AnEdgeLeadsDownwardsAndFromABoxToABox)
{
    Sketch s;
    s.Box("a").Box("b").Edge(1, 0).Edge(0, 0).Edge(0, 2);
    EXPECT_EQ(s->n_edges, 0u);
    s.Edge(0, 1);
    EXPECT_EQ(s->n_edges, 1u);
}

TEST(Drawing, TakesAsManyBoxesEdgesAndLinesAsItHasRoomForAndNoMore)
{
    Sketch s;
    for (int i = 0; i < DRAWING_BOXES_MAX + 3; i++)
        s.Box("a");
    for (int i = 0; i < DRAWING_EDGES_MAX + 3; i++)
        s.Edge(0, 1);
    for (int i = 0; i < DRAWING_LINES_MAX + 3; i++)
        drawing_add_line(s.get(), 0, "%d", i);
    drawing_add_line(s.get(), drawing_add_box(s.get(), "there is no more room"), "nowhere");
    EXPECT_EQ(s->n_boxes, static_cast<uint32_t>(DRAWING_BOXES_MAX));
    EXPECT_EQ(s->n_edges, static_cast<uint32_t>(DRAWING_EDGES_MAX));
    EXPECT_EQ(s->boxes[0].n_lines, static_cast<uint32_t>(DRAWING_LINES_MAX));
    EXPECT_THAT(s.Text(), Not(HasSubstr("error"))) << "and all of that can be drawn";
}

TEST(Drawing, DotHasBoxesEdgesPortsAndWhatIsDashed)
{
    Sketch s;
    snprintf(s->title, sizeof s->title, "photos");
    s.Box("decode").Box("resize").Box("log").Edge(0, 1).Edge(0, 2, "errors", "drop", true);
    drawing_add_line(s.get(), 0, "image.decode");
    EXPECT_EQ(s.Dot(),
              "digraph \"photos\" {\n"
              "  graph [rankdir=TB, fontname=\"sans-serif\"];\n"
              "  node [shape=box, style=\"filled,rounded\", fillcolor=white, fontname=\"sans-serif\", fontsize=11];\n"
              "  edge [fontname=\"sans-serif\", fontsize=10];\n"
              "  s0 [label=\"decode\\nimage.decode\", fillcolor=\"white\"];\n"
              "  s1 [label=\"resize\", fillcolor=\"white\"];\n"
              "  s2 [label=\"log\", fillcolor=\"white\"];\n"
              "  s0 -> s1 [color=\"black\"];\n"
              "  s0 -> s2 [color=\"black\", label=\" errors\\n drop\", style=dashed];\n"
              "}\n");
}

TEST(Drawing, DotIsColouredByLoadAndMarksTheBottleneck)
{
    Sketch s;
    s.Box("a").Box("b").Edge(0, 1);
    s->boxes[1].shade = SHADE_FULL;
    s->boxes[1].marked = 1;
    s->edges[0].shade = SHADE_BUSY;
    EXPECT_THAT(s.Dot(), HasSubstr("s1 [label=\"b\", fillcolor=\"salmon\", peripheries=2, penwidth=2];"));
    EXPECT_THAT(s.Dot(), HasSubstr("s0 -> s1 [color=\"darkorange\"];"));
}

TEST(Drawing, NoTextEndsTheQuotesThatItStandsIn)
{
    Sketch s;
    s.Box("\"]; x\\\n&<b>`#|").Box("b").Edge(0, 1, "\"|", "in");
    EXPECT_THAT(s.Dot(), HasSubstr("[label=\"\\\"]; x\\\\ &<b>`#|\", "));
    EXPECT_THAT(s.Dot(), HasSubstr("label=\" \\\"|\\n in\""));
    EXPECT_THAT(s.Mermaid(), HasSubstr("s0[\"#quot;]; x\\ #38;#lt;b#gt;#96;#35;#124;\"]\n"));
    EXPECT_THAT(s.Mermaid(), HasSubstr("s0 -->|\"#quot;#124;<br/>in\"| s1\n"));
}

TEST(Drawing, MermaidHasBoxesEdgesPortsAndWhatIsDashed)
{
    Sketch s;
    s.Box("decode").Box("resize").Box("log").Edge(0, 1).Edge(0, 2, "errors", "drop", true);
    drawing_add_line(s.get(), 0, "image.decode");
    EXPECT_EQ(s.Mermaid(), "flowchart TB\n"
                           "  s0[\"decode<br/>image.decode\"]\n"
                           "  s1[\"resize\"]\n"
                           "  s2[\"log\"]\n"
                           "  s0 --> s1\n"
                           "  s0 -.->|\"errors<br/>drop\"| s2\n");
}

TEST(Drawing, MermaidIsColouredByLoadAndMarksTheBottleneck)
{
    Sketch s;
    s.Box("a");
    s->boxes[0].shade = SHADE_BUSY;
    s->boxes[0].marked = 1;
    EXPECT_THAT(s.Mermaid(), HasSubstr("s0[[\"a\"]]:::busy\n"));
    EXPECT_THAT(s.Mermaid(), HasSubstr("classDef busy fill:"));
}
