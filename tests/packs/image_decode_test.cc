#include <array>

#include <gtest/gtest.h>

#include "image_samples.h"

namespace
{

using harness::Host;
using samples::Picture;
using Strings = std::vector<std::string>;

struct Outcome {
    std::vector<harness::Output> outputs;
    std::string reason; // of the dead letter, "" if there is none
};

Outcome decode(const std::string &file, const std::map<std::string, std::string> &options = {})
{
    Host host("image", "decode");
    for (const auto &[name, value] : options)
        host.set(name, value);
    host.give_bytes(file, {{"path", "set/a.jpg"}});
    EXPECT_EQ(host.drive(), MPIPE_OK) << host.trouble();
    EXPECT_EQ(host.outputs().size() + host.dead_letters().size(), 1u);
    return {host.outputs(), host.dead_letters().empty() ? "" : host.dead_letters()[0].reason};
}

Picture decoded(const std::string &file, const std::map<std::string, std::string> &options = {})
{
    const Outcome outcome = decode(file, options);
    return outcome.outputs.empty() ? Picture{0, 0, 0, outcome.reason} : samples::picture_of(outcome.outputs[0]);
}

void expect_refused(const Outcome &outcome, const std::string &part)
{
    EXPECT_TRUE(outcome.outputs.empty());
    EXPECT_EQ(outcome.reason.rfind("set/a.jpg: ", 0), 0u) << outcome.reason;
    EXPECT_NE(outcome.reason.find(part), std::string::npos) << outcome.reason;
}

TEST(ImageDecode, TablesAreComplete)
{
    for (const char *name : {"decode", "resize", "center_crop", "encode"})
        EXPECT_EQ(harness::table_problems(harness::processor("image", name)), Strings{}) << name;
}

TEST(ImageDecode, JpegGivesTurboJpegsPixels)
{
    for (const bool progressive : {false, true}) {
        for (int subsampling = 0; subsampling < 6; subsampling++) {
            const std::string file = samples::jpeg(samples::smooth(67, 45), {95, subsampling, progressive});
            EXPECT_EQ(decoded(file), samples::jpeg_pixels(file)) << subsampling;
        }
    }
}

TEST(ImageDecode, ChromaSubsamplingThatHasNoNameIsDecodedToo)
{
    std::string file = samples::jpeg(samples::picture(16, 8, 3, [](auto, auto, auto) { return 128; }));
    file[samples::find_marker(file, 0xc0) + 14] = 0x21; /* Cb twice as wide as Y and Cr */
    const size_t scan = samples::find_marker(file, 0xda) + 14;
    /* Y, Cb, Cb, Cr, all without a difference and without detail: 00 1010, 00 00, 00 00, 00 00, filled with ones */
    file = file.substr(0, scan) + std::string("\x28\x00\x3f\xff\xd9", 5);
    EXPECT_EQ(decoded(file), samples::picture(16, 8, 3, [](auto, auto, auto) { return 128; }));
}

TEST(ImageDecode, SetsTypeShapeAndDtypeAndInheritsTheRest)
{
    Host host("image", "decode");
    harness::FrameData file;
    file.bytes = samples::jpeg(samples::smooth(20, 10));
    file.attributes = {{"path", "a.jpg"}, {"format", "jpeg"}, {"label", "cat"}};
    file.key = 7;
    file.time_ns = 9;
    file.sequence = 11;
    host.give(file);
    ASSERT_EQ(host.drive(), MPIPE_OK);
    const harness::Output &image = host.outputs().at(0);
    EXPECT_EQ(image.attributes,
              (harness::Attributes{
                  {"path", "a.jpg"}, {"label", "cat"}, {"shape", samples::shape(10, 20, 3)}, {"dtype", "uint8"}}));
    EXPECT_EQ(image.type, static_cast<uint32_t>(MPIPE_IMAGE));
    EXPECT_EQ(image.key, 7u);
    EXPECT_EQ(image.time_ns, 9);
    EXPECT_EQ(image.sequence, 11u);
}

TEST(ImageDecode, GreyJpegBecomesRgb)
{
    const std::string file = samples::jpeg(samples::pattern(24, 24, 1));
    const Picture image = decoded(file);
    EXPECT_EQ(image, samples::jpeg_pixels(file));
    EXPECT_EQ(image.at(3, 4, 0), image.at(3, 4, 2));
}

TEST(ImageDecode, AdobeInksAreInverted)
{
    /* cyan 20 %, magenta 60 %, yellow 0 %, black 25 %, stored as 255 minus ink */
    const int inks[] = {204, 102, 255, 191};
    const Picture stored = samples::picture(32, 32, 4, [&](auto, auto, uint64_t c) { return inks[c]; });
    const Picture expected = samples::picture(32, 32, 3, [&](auto, auto, uint64_t c) { return inks[c] * 191 / 255; });
    EXPECT_LE(samples::difference(decoded(samples::jpeg(stored)), expected), 3);
}

TEST(ImageDecode, OtherInksAreNotInverted)
{
    /* Without the marker the stored components count as plain inks: luma 255 - 200, chroma 128 twice, black 51. */
    const Picture stored = samples::picture(32, 32, 4, [](auto, auto, uint64_t c) { return c < 3 ? 200 : 51; });
    const std::string file = samples::without_segment(samples::jpeg(stored), 0xee);
    const Picture expected =
        samples::picture(32, 32, 3, [](auto, auto, uint64_t c) { return (c ? 127 : 200) * 204 / 255; });
    EXPECT_LE(samples::difference(decoded(file), expected), 3);
}

/* Red, green, blue and white in the four corners of what is stored. */
Picture corners(uint64_t width, uint64_t height)
{
    return samples::picture(width, height, 3, [=](uint64_t x, uint64_t y, uint64_t c) {
        const uint64_t corner = (x * 2 >= width) + 2 * (y * 2 >= height);
        return corner == 3 || corner == c ? 255 : 0;
    });
}

char corner_of(const Picture &p, bool right, bool bottom)
{
    const uint64_t x = right ? p.width - 2 : 1, y = bottom ? p.height - 2 : 1;
    const int red = p.at(x, y, 0) > 127, green = p.at(x, y, 1) > 127, blue = p.at(x, y, 2) > 127;
    return red + green + blue == 3 ? 'W' : red ? 'R' : green ? 'G' : blue ? 'B' : '?';
}

std::string corners_of(const Picture &p)
{
    return {corner_of(p, false, false), corner_of(p, true, false), corner_of(p, false, true), corner_of(p, true, true)};
}

const char *const upright[] = {"", "RGBW", "GRWB", "WBGR", "BWRG", "RBGW", "BRWG", "WGBR", "GWRB"};

TEST(ImageDecode, ExifOrientationsAreTurnedUpright)
{
    const std::string file = samples::jpeg(corners(80, 48));
    for (unsigned orientation = 1; orientation <= 8; orientation++) {
        for (const bool big_endian : {false, true}) {
            const std::string exif = std::string("Exif\0\0", 6) + samples::exif_orientation(orientation, big_endian);
            const Picture image = decoded(samples::with_segment(file, 0xe1, exif));
            EXPECT_EQ(corners_of(image), upright[orientation]) << orientation;
            EXPECT_EQ(image.width, orientation < 5 ? 80u : 48u) << orientation;
        }
    }
}

TEST(ImageDecode, TurningMovesEveryPixelOnce)
{
    const Picture stored = samples::pattern(71, 37);
    for (unsigned orientation = 1; orientation <= 8; orientation++) {
        samples::PngStyle style;
        style.exif = samples::exif_orientation(orientation, true);
        const Picture image = decoded(samples::png(71, 37, stored.bytes, style));
        ASSERT_EQ(image.width, orientation < 5 ? 71u : 37u);
        for (uint64_t y = 0; y < image.height; y++) {
            for (uint64_t x = 0; x < image.width; x++) {
                const uint64_t rx = image.width - 1 - x, ry = image.height - 1 - y;
                const uint64_t from_x[] = {0, x, rx, rx, x, y, y, ry, ry};
                const uint64_t from_y[] = {0, y, y, ry, ry, x, rx, rx, x};
                for (uint64_t c = 0; c < 3; c++)
                    ASSERT_EQ(image.at(x, y, c), stored.at(from_x[orientation], from_y[orientation], c)) << orientation;
            }
        }
    }
}

TEST(ImageDecode, AutoOrientCanBeSwitchedOff)
{
    const std::string exif = std::string("Exif\0\0", 6) + samples::exif_orientation(6, false);
    const std::string file = samples::with_segment(samples::jpeg(corners(80, 48)), 0xe1, exif);
    EXPECT_EQ(corners_of(decoded(file, {{"auto_orient", "false"}})), "RGBW");
}

TEST(ImageDecode, BrokenExifLeavesTheImageAsItIs)
{
    const std::string file = samples::jpeg(corners(80, 48));
    const std::string good = samples::exif_orientation(6, false);
    Strings broken = {samples::exif_orientation(0, false), samples::exif_orientation(9, true), "II*"};
    for (size_t length = 0; length + 5 < good.size(); length++)
        broken.push_back(good.substr(0, length));
    broken.push_back(good.substr(0, 4) + "\xff\xff\xff\xff" + good.substr(8));
    broken.push_back("XX" + good.substr(2));
    for (const std::string &exif : broken) {
        const Picture image = decoded(samples::with_segment(file, 0xe1, std::string("Exif\0\0", 6) + exif));
        EXPECT_EQ(corners_of(image), "RGBW") << exif.size();
    }
}

TEST(ImageDecode, HintShrinksAsFarAsTheShorterSideAllows)
{
    const std::string file = samples::jpeg(samples::smooth(331, 200));
    const std::vector<std::array<uint64_t, 3>> cases = {{25, 42, 25},    {26, 83, 50},    {50, 83, 50},  {51, 166, 100},
                                                        {101, 331, 200}, {500, 331, 200}, {0, 331, 200}, {1, 42, 25}};
    for (const auto &[hint, width, height] : cases) {
        const Picture image = decoded(file, {{"hint_shorter", std::to_string(hint)}});
        EXPECT_EQ(image.width, width) << hint;
        EXPECT_EQ(image.height, height) << hint;
    }
}

TEST(ImageDecode, HintWorksOnTurnedAndOnInkImages)
{
    const std::string exif = std::string("Exif\0\0", 6) + samples::exif_orientation(6, false);
    const Picture turned =
        decoded(samples::with_segment(samples::jpeg(corners(160, 96)), 0xe1, exif), {{"hint_shorter", "40"}});
    EXPECT_EQ(corners_of(turned), "BRWG");
    EXPECT_EQ(turned.width, 48u);
    const Picture inks = samples::picture(64, 64, 4, [](auto, auto, auto) { return 255; });
    EXPECT_EQ(decoded(samples::jpeg(inks), {{"hint_shorter", "16"}}).bytes, std::string(16 * 16 * 3, '\xff'));
}

TEST(ImageDecode, RefusesWhatIsNeitherJpegNorPng)
{
    expect_refused(decode("hello, I am a text\n"), "neither JPEG nor PNG: 19 bytes that start with \"hello, I\"");
    expect_refused(decode(""), "neither JPEG nor PNG: 0 bytes");
    expect_refused(decode("\xff\xd8"), "neither JPEG nor PNG");
    expect_refused(decode(std::string("GIF89a\0\1", 8)), "\"GIF89a..\"");
}

TEST(ImageDecode, NamesTheFrameIfThereIsNoPath)
{
    Host host("image", "decode");
    host.give_bytes("x").give_bytes("y");
    ASSERT_EQ(host.drive(), MPIPE_OK);
    EXPECT_EQ(host.dead_letters().at(1).reason.rfind("frame 1: ", 0), 0u);
}

TEST(ImageDecode, RefusesTooManyPixelsBeforeTakingMemory)
{
    std::string file = samples::jpeg(samples::smooth(16, 16));
    const size_t sof = samples::find_marker(file, 0xc0);
    file.replace(sof + 5, 4, "\xff\xdc\xff\xdc"); /* 65500 x 65500 */
    expect_refused(decode(file), "65500x65500 pixels are more than max_pixels = 178956970");
    const std::string png = samples::png(samples::pattern(4, 4));
    expect_refused(decode(samples::with_png_size(png, 20000, 20000)), "20000x20000 pixels are more than max_pixels");
    expect_refused(decode(samples::with_png_size(png, 0x7fffffff, 0x7fffffff)), "damaged PNG");
    expect_refused(decode(samples::png(samples::pattern(4, 4)), {{"max_pixels", "15"}}), "4x4 pixels");
    EXPECT_EQ(decoded(samples::png(samples::pattern(4, 4)), {{"max_pixels", "16"}}), samples::pattern(4, 4));
}

TEST(ImageDecode, SaysWhichSettingToRaiseIfTheImageCanNeverFit)
{
    Host host("image", "decode");
    host.max_frame(1000).give_bytes(samples::png(samples::pattern(20, 20)), {{"path", "a.png"}});
    ASSERT_EQ(host.drive(), MPIPE_OK);
    EXPECT_EQ(host.dead_letters().at(0).reason,
              "a.png: 20x20 pixels do not fit into this stage's largest frame of 1000 "
              "bytes; raise memory, or stages.stage.memory");
}

TEST(ImageDecode, RefusesABackgroundThatIsNoColour)
{
    for (const char *text : {"", "pink", "#12345", "#1234567", "#12345g", "ffffff"}) {
        Host host("image", "decode");
        host.set("background", text);
        EXPECT_EQ(host.start(), MPIPE_BAD_CONFIG) << text;
        EXPECT_TRUE(host.logged("background")) << text;
    }
}

TEST(ImageDecode, GivesTheSameAfterADeathOrWithoutMemoryAtAnyPoint)
{
    const std::string exif = std::string("Exif\0\0", 6) + samples::exif_orientation(6, false);
    const std::string file = samples::with_segment(samples::jpeg(corners(80, 48)), 0xe1, exif);
    const Picture expected = decoded(file);
    for (uint64_t n = 1; n < 40; n++) {
        Host host("image", "decode");
        host.die_at(n).fail_create_at(n / 2).give_bytes(file);
        ASSERT_EQ(host.drive(), MPIPE_OK) << host.trouble();
        ASSERT_EQ(host.outputs().size(), 1u) << n;
        EXPECT_EQ(samples::picture_of(host.outputs()[0]), expected) << n;
    }
}

} // namespace
