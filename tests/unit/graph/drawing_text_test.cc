// Drawings for a terminal: what they look like, and that the lines of any of them lead where its edges do.
#include "sketch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <utility>
#include <vector>

#include "dice.h"

using testing::HasSubstr;

namespace
{

using Place = std::pair<size_t, size_t>; // row, column
using Edges = std::set<std::pair<std::string, std::string>>;

// Reads a picture as a person would: along its lines. Names begin with N, and no label does.
class Reader
{
  public:
    explicit Reader(const std::string &text)
    {
        rows_.emplace_back();
        for (size_t i = 0; i < text.size();) {
            size_t n = (text[i] & 0x80) == 0 ? 1 : (text[i] & 0xe0) == 0xc0 ? 2 : (text[i] & 0xf0) == 0xe0 ? 3 : 4;
            if (text[i] == '\n')
                rows_.emplace_back();
            else
                rows_.back().push_back(text.substr(i, n));
            i += n;
        }
        for (size_t y = 0; y < rows_.size(); y++)
            for (size_t x = 0; x < rows_[y].size(); x++)
                if (At({y, x}) == "┌" && At({y + 1, x}) == "│" && At({y + 1, x + 2}) == "N")
                    FindBox(y, x);
    }

    Edges Found()
    {
        for (const auto &[corner, box] : boxes_)
            for (size_t x = corner.second + 1; x < corner.second + box.width; x++)
                if (At({box.bottom, x}) == "┬") {
                    seen_.clear();
                    Follow({box.bottom + 1, x}, DOWN, box.name);
                }
        return edges_;
    }

    std::vector<std::string> Problems() const { return problems_; }
    size_t Boxes() const { return boxes_.size(); }

  private:
    enum Arm { UP = 1, DOWN = 2, LEFT = 4, RIGHT = 8 };
    struct Box {
        std::string name;
        size_t bottom, width;
    };

    std::string At(Place p) const
    {
        return p.first < rows_.size() && p.second < rows_[p.first].size() ? rows_[p.first][p.second] : " ";
    }

    void FindBox(size_t y, size_t x)
    {
        Box box = {"", y, 1};
        for (size_t i = x + 2; At({y + 1, i}) != " "; i++)
            box.name += At({y + 1, i});
        while (At({box.bottom, x}) != "└")
            box.bottom++;
        while (At({y, x + box.width}) != "┐")
            box.width++;
        boxes_[{y, x}] = box;
    }

    static int Arms(const std::string &glyph)
    {
        static const std::map<std::string, int> arms = {{"│", UP | DOWN},
                                                        {"┆", UP | DOWN},
                                                        {"─", LEFT | RIGHT},
                                                        {"┄", LEFT | RIGHT},
                                                        {"┘", UP | LEFT},
                                                        {"┐", DOWN | LEFT},
                                                        {"┤", UP | DOWN | LEFT},
                                                        {"└", UP | RIGHT},
                                                        {"┌", DOWN | RIGHT},
                                                        {"├", UP | DOWN | RIGHT},
                                                        {"┴", UP | LEFT | RIGHT},
                                                        {"┬", DOWN | LEFT | RIGHT},
                                                        {"┼", UP | DOWN | LEFT | RIGHT}};
        auto found = arms.find(glyph);
        return found == arms.end() ? 0 : found->second;
    }

    static Place Next(Place p, int direction)
    {
        return {p.first + (direction == DOWN) - (direction == UP),
                p.second + (direction == RIGHT) - (direction == LEFT)};
    }

    static int Back(int direction)
    {
        return direction == UP ? DOWN : direction == DOWN ? UP : direction == LEFT ? RIGHT : LEFT;
    }

    void Arrive(Place head, const std::string &from)
    {
        for (const auto &[corner, box] : boxes_)
            if (corner.first == head.first + 1 && head.second > corner.second &&
                head.second < corner.second + box.width)
                edges_.insert({from, box.name});
    }

    void Follow(Place p, int direction, const std::string &from)
    {
        if (!seen_.insert({p, direction}).second)
            return;
        std::string glyph = At(p);
        if (glyph == "▼") {
            Arrive(p, from);
            return;
        }
        int arms = Arms(glyph);
        bool crosses = (direction == LEFT || direction == RIGHT) && arms == (UP | DOWN); // under the other line
        if (crosses) {
            Follow(Next(p, direction), direction, from);
            return;
        }
        if (!(arms & Back(direction)))
            problems_.push_back("a line ends at " + std::to_string(p.first) + ", " + std::to_string(p.second));
        else
            for (int to : {UP, DOWN, LEFT, RIGHT})
                if (arms & to && to != Back(direction))
                    Follow(Next(p, to), to, from);
    }

    std::vector<std::vector<std::string>> rows_;
    std::map<Place, Box> boxes_;
    std::set<std::pair<Place, int>> seen_;
    Edges edges_;
    std::vector<std::string> problems_;
};

std::string Name(uint32_t i)
{
    return "N" + std::to_string(i);
}

// All boxes, and edges between random ones; some dashed, some with names of ports.
Sketch RandomSketch(unsigned seed, Edges *edges)
{
    Dice dice(seed);
    Sketch s;
    uint32_t boxes = static_cast<uint32_t>(dice.Between(2, 13)),
             tries = static_cast<uint32_t>(dice.Between(1, 2 * boxes));
    for (uint32_t i = 0; i < boxes; i++)
        s.Box((Name(i) + (dice.OneIn(3) ? " and a longer name" : "")).c_str());
    for (uint32_t i = 0; i < tries; i++) {
        uint32_t from = static_cast<uint32_t>(dice.Below(boxes - 1)),
                 to = static_cast<uint32_t>(dice.Between(from + 1, boxes - 1));
        if (!edges->insert({Name(from), Name(to)}).second)
            continue;
        s.Edge(from, to, dice.OneIn(4) ? "errors" : "", dice.OneIn(6) ? "drop" : "", dice.OneIn(4));
    }
    return s;
}

} // namespace

TEST(DrawingText, AChainIsStraight)
{
    Sketch s;
    s.Box("photos").Box("decode").Box("write").Edge(0, 1).Edge(1, 2);
    drawing_add_line(s.get(), 0, "files.read");
    drawing_add_line(s.get(), 1, "image.decode");
    EXPECT_EQ("\n" + s.Text(), R"(
 ┌─────────────┐
 │ photos      │
 │ files.read  │
 └──────┬──────┘
        ▼
┌───────────────┐
│ decode        │
│ image.decode  │
└───────┬───────┘
        ▼
    ┌───────┐
    │ write │
    └───────┘
)");
}

TEST(DrawingText, TheBranchesOfADiamondStandSideBySide)
{
    Sketch s;
    s.Box("source").Box("left").Box("right").Box("join").Edge(0, 1).Edge(0, 2).Edge(1, 3).Edge(2, 3);
    EXPECT_EQ("\n" + s.Text(), R"(
     ┌─────────┐
     │ source  │
     └────┬────┘
    ┌─────┴─────┐
    ▼           ▼
┌───────┐   ┌───────┐
│ left  │   │ right │
└───┬───┘   └───┬───┘
    └───┐   ┌───┘
        ▼   ▼
      ┌───────┐
      │ join  │
      └───────┘
)");
}

TEST(DrawingText, AnEdgeThatSkipsAStageGoesPastIt)
{
    Sketch s;
    s.Box("a").Box("b").Box("c").Edge(0, 1).Edge(0, 2).Edge(1, 2);
    EXPECT_EQ("\n" + s.Text(), R"(
   ┌───┐
   │ a │
   └─┬─┘
  ┌──┴─┐
  ▼    │
┌───┐  │
│ b │  │
└─┬─┘  │
  ▼    ▼
┌───────┐
│ c     │
└───────┘
)");
}

TEST(DrawingText, LinesDoNotCrossWhereTheyNeedNot)
{
    Sketch s;
    s.Box("a").Box("b").Box("c").Box("d").Edge(0, 3).Edge(1, 2);
    EXPECT_EQ("\n" + s.Text(), R"(
┌───┐   ┌───┐
│ a │   │ b │
└─┬─┘   └─┬─┘
  ▼       ▼
┌───┐   ┌───┐
│ d │   │ c │
└───┘   └───┘
)");
}

TEST(DrawingText, NamedPortsLeaveApartAndWhatMayBeLostIsDashed)
{
    Sketch s;
    s.Box("decode").Box("resize").Box("log").Edge(0, 1).Edge(0, 2, "errors", "drop", true);
    EXPECT_EQ("\n" + s.Text(), R"(
      ┌─────────┐
      │ decode  │
      └──┬───┬──┘
         │   ┆ errors
         │   └┄┄┄┐
         │       ┆
         ▼       ▼ drop
┌─────────┐   ┌─────┐
│ resize  │   │ log │
└─────────┘   └─────┘
)");
}

TEST(DrawingText, WithoutUnicodeItIsPlainAscii)
{
    Sketch s;
    s.Box("d\xc3\xa9"
          "code")
        .Box("resize")
        .Box("log")
        .Edge(0, 1)
        .Edge(0, 2, "errors", "drop", true);
    s->boxes[1].marked = 1;
    EXPECT_EQ("\n" + s.Text(0), R"(
      +---------+
      | d?code  |
      +--+---+--+
         |   : errors
         |   +...+
         |       :
         v       v drop
#=========#   +-----+
# resize  #   | log |
#=========#   +-----+
)");
}

TEST(DrawingText, TheBottleneckHasADoubleFrame)
{
    Sketch s;
    s.Box("a").Box("b").Box("c").Edge(0, 1).Edge(1, 2);
    s->boxes[1].marked = 1;
    EXPECT_EQ("\n" + s.Text(), R"(
┌───┐
│ a │
└─┬─┘
  ▼
╔═══╗
║ b ║
╚═╤═╝
  ▼
┌───┐
│ c │
└───┘
)");
}

TEST(DrawingText, ColoursAreOnTheFramesOfBoxesAndOnEdgesAndEndWithTheLine)
{
    Sketch s;
    s.Box("a");
    s->boxes[0].shade = SHADE_FULL;
    EXPECT_EQ(s.Text(TEXT_UNICODE | TEXT_COLOURS), "\033[0;31m┌───┐\033[0m\n"
                                                   "\033[0;31m│\033[0m \033[0;1ma\033[0m \033[0;31m│\033[0m\n"
                                                   "\033[0;31m└───┘\033[0m\n");
}

TEST(DrawingText, BytesThatAreNoTextBecomeQuestionMarks)
{
    Sketch s;
    s.Box("a\033[2J\xff"
          "b");
    EXPECT_THAT(s.Text(), HasSubstr("a?[2J?b"));
}

TEST(DrawingText, ADrawingOfNothingIsEmpty)
{
    EXPECT_EQ(Sketch().Text(), "");
}

TEST(DrawingText, LinesLeadWhereTheEdgesDo)
{
    for (unsigned seed = 1; seed <= 700; seed++) {
        Edges edges;
        Sketch s = RandomSketch(seed, &edges);
        std::string text = s.Text();
        Reader reader(text);
        EXPECT_EQ(reader.Boxes(), s->n_boxes);
        EXPECT_EQ(reader.Found(), edges) << "seed " << seed << "\n" << text;
        ASSERT_THAT(reader.Problems(), testing::IsEmpty()) << "seed " << seed << "\n" << text;
    }
}
