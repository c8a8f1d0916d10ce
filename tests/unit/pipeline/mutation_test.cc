// Whatever stands in a file or a line, the host does not crash.
#include "parsed.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace
{

const std::string valid_file = R"(# A sample that has something of everything.
name = "photos-to-shards";
memory = "512M";  huge_pages = "try";  dead_letters = "/tmp/dead"; drain_timeout = 2.5; ordered = true;
stages = (
  { name = "photos"; processor = "files.read"; options = { path = "/"; include = [ "*.jpg", "*.png" ]; max_size = 5000000000; }; },
  { name = "decode"; processor = "image.decode"; workers = { min = 1; max = 4; }; on_error = "dead_letter"; max_attempts = 3; },
  { name = "resize"; processor = "image.resize"; options = { shorter = 256; gamma = 1.8; }; queue = 64; },
  { name = "split"; processor = "test.split"; inputs = ( { from = "photos"; when_full = "drop"; } ); },
  /* joined again */
  { processor = "test.join"; inputs = ( "split", { from = "split.errors"; port = "right"; } ); timeout = "200ms"; },
  { processor = "core.null"; inputs = [ "resize", "join" ]; }
);
)";

const std::string valid_line =
    "files.read path=/ include=*.jpg,'a b',\"c\\\"\" | image.decode :workers=1-4 :name=dec | "
    "image.resize shorter=256 :queue=64 | core.null :inputs=resize,dec :when_full=drop";

const std::string valid_override = "stages.decode.workers={ min = 1; max = 3; }";

// A bit flipped, the end cut off, a piece taken out, a piece doubled, or a line taken out.
std::string mutated(std::string text, std::mt19937 &random)
{
    size_t at = random() % text.size(), length = 1 + random() % 20;
    switch (random() % 5) {
    case 0:
        text[at] = static_cast<char>(text[at] ^ (1 << random() % 8));
        break;
    case 1:
        text.resize(at);
        break;
    case 2:
        text.erase(at, length);
        break;
    case 3:
        text.insert(random() % text.size(), text.substr(at, length));
        break;
    default: {
        size_t start = text.rfind('\n', at), end = text.find('\n', at);
        start = start == std::string::npos ? 0 : start;
        text.erase(start, end == std::string::npos ? end : end - start);
    }
    }
    return text.empty() ? "x" : text;
}

std::string mutant(const std::string &text, std::mt19937 &random)
{
    std::string result = text;
    for (unsigned n = 1 + random() % 3; n > 0; n--)
        result = mutated(result, random);
    return result;
}

// Places are inside of what they point to, and the report can be printed.
void expect_sane(const Parsed &p)
{
    for (size_t i = 0; i < p.complaints().n; i++) {
        const struct complaint &c = p.complaints().list[i];
        EXPECT_NE(std::string(c.message), "");
        EXPECT_GE(c.column, 0);
        if (c.source && c.column > 0) {
            EXPECT_LE(static_cast<size_t>(c.column), std::string(c.source).size() + 1) << p.report();
        }
    }
    if (p.ok())
        p.print(PRINT_ALL);
    else
        p.report();
}

TEST(Mutation, OriginalsAreRight)
{
    EXPECT_TRUE(Parsed::text(valid_file).ok()) << Parsed::text(valid_file).report();
    EXPECT_TRUE(Parsed::line(valid_line).ok()) << Parsed::line(valid_line).report();
    EXPECT_TRUE(Parsed::text(valid_file, {valid_override}).ok());
}

TEST(Mutation, OfAFileDoesNoHarm)
{
    Folder folder;
    std::mt19937 random(3);
    for (int i = 0; i < 2000; i++)
        expect_sane(Parsed::file(folder.write("m.cfg", mutant(valid_file, random))));
}

TEST(Mutation, OfALineDoesNoHarm)
{
    std::mt19937 random(4);
    for (int i = 0; i < 2000; i++) {
        std::string line = mutant(valid_line, random);
        line.erase(std::remove(line.begin(), line.end(), '\0'), line.end());
        expect_sane(Parsed::line(line));
    }
}

TEST(Mutation, OfAnOverrideDoesNoHarm)
{
    Folder folder;
    std::string file = folder.write("m.cfg", valid_file);
    std::mt19937 random(5);
    for (int i = 0; i < 500; i++) {
        std::string text = mutant(valid_override, random);
        text.erase(std::remove(text.begin(), text.end(), '\0'), text.end());
        expect_sane(Parsed::file(file, {text}));
    }
}

} // namespace
