// What comes with micropipe, and writes no file, works at sandbox = "strict": nothing that it does is refused.
#include "running.h"

#include <filesystem>
#include <gtest/gtest.h>
#include <iterator>
#include <ostream>

using namespace crash;

namespace
{

// A PNG of 8 by 8 pixels, of one colour.
const unsigned char picture[] = {
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48, 0x44, 0x52, 0x00, 0x00, 0x00,
    0x08, 0x00, 0x00, 0x00, 0x08, 0x08, 0x02, 0x00, 0x00, 0x00, 0x4b, 0x6d, 0x29, 0xdc, 0x00, 0x00, 0x00, 0x11, 0x49,
    0x44, 0x41, 0x54, 0x78, 0xda, 0x63, 0x38, 0xa0, 0x20, 0x80, 0x15, 0x31, 0x0c, 0x2d, 0x09, 0x00, 0x9e, 0x21, 0x3c,
    0x01, 0x62, 0xec, 0x44, 0xd0, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82};

// Each stage of the line gets `:sandbox=strict`.
struct Line {
    const char *name;
    std::vector<const char *> stages;
    long long arrive; // at the last stage, `end`
    int exit_code = 0;
};

void PrintTo(const Line &line, std::ostream *to)
{
    *to << line.name;
}

const Line lines[] = {
    {"core",
     {"core.generate count=300 size=64", "core.take count=100", "core.batch size=10", "core.null :name=end"},
     10},
    {"unbatch", {"core.generate count=300 size=64", "core.batch size=10", "core.unbatch", "core.null :name=end"}, 300},
    {"text", {"text.lines path=in.txt", "text.grep pattern=e", "core.null :name=end"}, 3},
    {"checksum", {"core.generate count=300 size=64", "debug.checksum :name=end"}, 300},
    {"fail", {"text.lines path=in.txt", "debug.fail match=none", "core.null :name=end"}, 4},
    {"crash", {"text.lines path=in.txt", "debug.fail match=two kind=abort", "core.null :name=end"}, 3, 3},
    {"image",
     {"files.read path=pictures", "image.decode", "image.resize width=4 height=4", "image.center_crop width=2 height=2",
      "image.encode format=png", "core.null :name=end"},
     1},
    {"jpeg",
     {"files.read path=pictures", "image.decode", "image.encode format=jpeg", "image.decode :name=again",
      "core.null :name=end"},
     1},
};

} // namespace

class Strict : public testing::TestWithParam<Line>
{
};

TEST_P(Strict, RefusesNothingThatThePacksDo)
{
    Folder folder;
    write_file(folder / "in.txt", "one\ntwo\nthree\nseven\n");
    std::filesystem::create_directory(folder / "pictures");
    write_file(folder / "pictures/p.png", std::string(std::begin(picture), std::end(picture)));
    std::string text;
    for (const char *stage : GetParam().stages)
        text += (text.empty() ? "" : " | ") + std::string(stage) + " :sandbox=strict";
    Running run(folder, {"-e", text, "--set", "memory=64M"});
    Result result = run.finish();
    EXPECT_EQ(result.exit_code, GetParam().exit_code) << result.reason << result.errors;
    EXPECT_EQ(result.errors.find("was refused: sandbox"), std::string::npos) << result.errors;
    EXPECT_EQ(broken_identity(result), "");
    EXPECT_EQ(result.stages["end"]["in"], GetParam().arrive) << result.output;
}

INSTANTIATE_TEST_SUITE_P(, Strict, testing::ValuesIn(lines), [](const auto &line) { return line.param.name; });
