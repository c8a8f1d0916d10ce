#include <array>
#include <cmath>

#include <gtest/gtest.h>

#include "image_samples.h"

namespace
{

using harness::Host;
using samples::Picture;
using Options = std::map<std::string, std::string>;

Picture processed(const std::string &name, const Picture &p, const Options &options)
{
    Host host("image", name);
    for (const auto &[option, value] : options)
        host.set(option, value);
    host.give(samples::frame(p, "a.jpg"));
    EXPECT_EQ(host.drive(), MPIPE_OK) << host.trouble();
    return host.outputs().empty() ? Picture{0, 0, 0, host.trouble()} : samples::picture_of(host.outputs()[0]);
}

Picture resized(const Picture &p, const Options &options)
{
    return processed("resize", p, options);
}

Picture cropped(const Picture &p, const Options &options)
{
    return processed("center_crop", p, options);
}

Options size(uint64_t width, uint64_t height, const std::string &filter)
{
    return {{"width", std::to_string(width)}, {"height", std::to_string(height)}, {"filter", filter}};
}

// ---- the same as others ----

/* What Pillow 9.4 makes of samples::pattern(17, 13): resize((7, 5)) with BILINEAR and LANCZOS, resize((6, 20)). */

// clang-format off
const std::vector<int> triangle_down = {
    98, 108, 125, 136, 115, 140, 126, 144, 107, 121, 129, 127, 113, 169, 132, 159, 127, 101, 95, 142, 174, 135, 103, 131,
    127, 114, 125, 137, 135, 122, 120, 147, 110, 115, 146, 144, 117, 150, 128, 145, 126, 125, 145, 122, 129, 129, 148, 109,
    122, 152, 124, 136, 147, 130, 142, 148, 126, 120, 170, 117, 131, 144, 105, 123, 163, 99, 147, 129, 123, 133, 135, 122,
    124, 146, 120, 124, 139, 109, 136, 123, 137, 146, 140, 120, 118, 154, 130, 146, 139, 132, 125, 127, 121, 142, 138, 130,
    100, 108, 143, 121, 104, 160, 128, 115, 108,
};
// clang-format on

// clang-format off
const std::vector<int> lanczos_down = {
    89, 105, 128, 134, 115, 146, 129, 151, 98, 113, 116, 140, 114, 180, 132, 171, 126, 87, 82, 139, 188, 139, 97, 129,
    128, 102, 124, 136, 139, 129, 119, 143, 104, 116, 139, 144, 115, 160, 134, 145, 114, 125, 150, 124, 135, 129, 152, 101,
    125, 160, 125, 129, 150, 132, 150, 151, 124, 118, 188, 110, 131, 135, 102, 116, 169, 94, 150, 127, 124, 131, 132, 121,
    124, 144, 123, 122, 142, 103, 141, 118, 136, 149, 149, 122, 121, 151, 133, 150, 141, 129, 120, 120, 119, 145, 147, 140,
    103, 97, 142, 116, 89, 163, 120, 122, 110,
};
// clang-format on

// clang-format off
const std::vector<int> triangle_up = {
    44, 103, 162, 140, 180, 106, 108, 95, 106, 92, 151, 162, 159, 151, 77, 63, 95, 154, 99, 116, 128, 139, 140, 119,
    133, 133, 96, 104, 142, 146, 161, 153, 79, 81, 113, 172, 151, 124, 97, 135, 95, 135, 153, 172, 95, 114, 134, 132,
    163, 156, 88, 105, 138, 188, 105, 91, 128, 120, 92, 146, 114, 156, 147, 92, 141, 145, 165, 158, 123, 129, 162, 168,
    98, 91, 150, 115, 104, 142, 124, 142, 139, 104, 130, 136, 140, 161, 135, 143, 157, 135, 114, 108, 160, 119, 122, 128,
    151, 131, 104, 128, 115, 118, 104, 163, 136, 147, 134, 103, 149, 120, 110, 149, 132, 115, 112, 142, 115, 106, 144, 126,
    106, 164, 139, 127, 96, 128, 161, 110, 109, 154, 128, 102, 113, 152, 121, 117, 149, 118, 116, 166, 128, 132, 93, 129,
    156, 84, 143, 140, 116, 91, 142, 161, 123, 150, 136, 98, 130, 168, 109, 154, 117, 112, 146, 96, 137, 117, 146, 99,
    127, 142, 142, 158, 115, 136, 131, 170, 112, 115, 142, 92, 138, 131, 129, 115, 172, 108, 123, 151, 142, 152, 132, 144,
    132, 178, 114, 107, 166, 94, 132, 189, 120, 134, 193, 117, 130, 188, 123, 131, 187, 123, 135, 193, 117, 131, 190, 119,
    123, 165, 114, 144, 130, 136, 111, 145, 129, 109, 168, 102, 138, 175, 120, 156, 133, 143, 116, 155, 107, 152, 104, 137,
    108, 132, 126, 113, 149, 93, 140, 141, 121, 161, 108, 140, 110, 167, 97, 160, 134, 114, 128, 163, 111, 151, 131, 101,
    143, 90, 122, 141, 133, 101, 140, 144, 91, 151, 125, 99, 131, 132, 137, 136, 110, 132, 125, 86, 135, 125, 157, 118,
    146, 131, 100, 138, 119, 100, 136, 110, 143, 125, 106, 148, 113, 88, 146, 123, 160, 127, 96, 143, 135, 125, 129, 130,
    147, 120, 104, 133, 135, 126, 116, 89, 148, 147, 121, 107, 114, 159, 153, 146, 147, 137, 116, 135, 125, 118, 147, 146,
    117, 91, 150, 120, 97, 123, 140, 172, 163, 168, 161, 137, 87, 146, 152, 102, 153, 167, 117, 93, 152, 91, 82, 141,
};
// clang-format on

Picture of_values(uint64_t width, uint64_t height, const std::vector<int> &values)
{
    return samples::picture(width, height, 3,
                            [&](auto x, auto y, auto c) { return values.at((y * width + x) * 3 + c); });
}

TEST(ImageResize, IsWithinOneOfPillow)
{
    const Picture p = samples::pattern(17, 13);
    EXPECT_LE(samples::difference(resized(p, size(7, 5, "triangle")), of_values(7, 5, triangle_down)), 1);
    EXPECT_LE(samples::difference(resized(p, size(7, 5, "lanczos3")), of_values(7, 5, lanczos_down)), 1);
    EXPECT_LE(samples::difference(resized(p, size(6, 20, "triangle")), of_values(6, 20, triangle_up)), 1);
}

// ---- against a slow reference: every weight of every pixel, in doubles ----

double weight(bool lanczos, double x)
{
    x = std::fabs(x);
    if (!lanczos)
        return std::max(0.0, 1.0 - x);
    const auto sinc = [](double v) { return v == 0 ? 1.0 : std::sin(M_PI * v) / (M_PI * v); };
    return x < 3 ? sinc(x) * sinc(x / 3) : 0.0;
}

std::vector<double> weights(bool lanczos, uint64_t from, uint64_t to, uint64_t i)
{
    const double scale = static_cast<double>(from) / static_cast<double>(to), stretch = std::max(1.0, scale);
    std::vector<double> all;
    double sum = 0;
    for (uint64_t j = 0; j < from; j++) {
        const double x = (static_cast<double>(j) + 0.5 - (static_cast<double>(i) + 0.5) * scale) / stretch;
        all.push_back(weight(lanczos, x));
        sum += all.back();
    }
    for (double &w : all)
        w /= sum;
    return all;
}

Picture reference(const Picture &p, uint64_t width, uint64_t height, bool lanczos)
{
    return samples::picture(width, height, p.channels, [&](uint64_t x, uint64_t y, uint64_t c) {
        const std::vector<double> across = weights(lanczos, p.width, width, x);
        const std::vector<double> down = weights(lanczos, p.height, height, y);
        double sum = 0;
        for (uint64_t v = 0; v < p.height; v++)
            for (uint64_t u = 0; u < p.width; u++)
                sum += across[u] * down[v] * p.at(u, v, c);
        return static_cast<int>(std::lround(std::min(255.0, std::max(0.0, sum))));
    });
}

TEST(ImageResize, IsWithinOneOfAnExactFilter)
{
    const std::vector<std::array<uint64_t, 4>> cases = {{40, 30, 7, 5},   {5, 7, 31, 12}, {64, 3, 8, 9},
                                                        {33, 33, 32, 34}, {1, 1, 5, 4},   {50, 1, 1, 1}};
    for (const auto &[from_width, from_height, width, height] : cases) {
        for (uint64_t channels = 1; channels <= 4; channels++) {
            const Picture p = samples::pattern(from_width, from_height, channels);
            EXPECT_LE(
                samples::difference(resized(p, size(width, height, "triangle")), reference(p, width, height, false)), 1)
                << from_width << " to " << width << ", " << channels << " channels";
            EXPECT_LE(
                samples::difference(resized(p, size(width, height, "lanczos3")), reference(p, width, height, true)), 1)
                << from_width << " to " << width << ", " << channels << " channels";
        }
    }
}

TEST(ImageResize, AFlatImageStaysFlat)
{
    for (const int level : {0, 1, 254, 255}) {
        const auto flat = [level](auto, auto, auto) { return level; };
        const Picture expected = samples::picture(20, 31, 3, flat);
        EXPECT_EQ(resized(samples::picture(64, 48, 3, flat), size(20, 31, "triangle")), expected);
        EXPECT_EQ(resized(samples::picture(64, 48, 3, flat), size(20, 31, "lanczos3")), expected);
    }
}

// ---- which size ----

std::array<uint64_t, 2> side(uint64_t width, uint64_t height, const Options &options)
{
    const Picture p = resized(samples::pattern(width, height, 1), options);
    return {p.width, p.height};
}

using Size = std::array<uint64_t, 2>;

TEST(ImageResize, TheShorterSideGetsTheSizeAndTheOtherFollowsRoundedDown)
{
    EXPECT_EQ(side(100, 75, {{"shorter", "25"}}), (Size{33, 25}));
    EXPECT_EQ(side(75, 100, {{"shorter", "25"}}), (Size{25, 33}));
    EXPECT_EQ(side(50, 50, {{"shorter", "60"}}), (Size{60, 60}));
}

TEST(ImageResize, OneSideGivenTheOtherFollows)
{
    EXPECT_EQ(side(100, 75, {{"width", "50"}}), (Size{50, 37}));
    EXPECT_EQ(side(100, 75, {{"height", "150"}}), (Size{200, 150}));
    EXPECT_EQ(side(1000, 2, {{"width", "10"}}), (Size{10, 1})) << "never less than a pixel";
}

TEST(ImageResize, ABoxIsFilledAsFitSays)
{
    const auto box = [](const std::string &fit) { return Options{{"width", "40"}, {"height", "40"}, {"fit", fit}}; };
    EXPECT_EQ(side(100, 75, box("stretch")), (Size{40, 40}));
    EXPECT_EQ(side(100, 75, box("inside")), (Size{40, 30}));
    EXPECT_EQ(side(75, 100, box("inside")), (Size{30, 40}));
    EXPECT_EQ(side(100, 75, box("cover")), (Size{53, 40}));
    EXPECT_EQ(side(75, 100, box("cover")), (Size{40, 53}));
    EXPECT_EQ(side(80, 80, box("inside")), (Size{40, 40}));
    EXPECT_EQ(side(80, 80, box("cover")), (Size{40, 40}));
}

TEST(ImageResize, EnlargesOnlyIfItMay)
{
    EXPECT_EQ(side(30, 20, {{"shorter", "40"}}), (Size{60, 40}));
    EXPECT_EQ(side(30, 20, {{"shorter", "40"}, {"enlarge", "false"}}), (Size{30, 20}));
    EXPECT_EQ(side(30, 20, {{"shorter", "10"}, {"enlarge", "false"}}), (Size{15, 10}));
}

TEST(ImageResize, AnImageOfTheRightSizeIsNotCopied)
{
    Host host("image", "resize");
    host.set("shorter", "10").give(samples::frame(samples::pattern(12, 10)));
    ASSERT_EQ(host.drive(), MPIPE_OK);
    EXPECT_TRUE(host.outputs().at(0).forwarded);
}

TEST(ImageResize, ImagesOfManySizesDoNotMixUp)
{
    Host host("image", "resize");
    host.set("shorter", "9");
    std::vector<Picture> expected;
    for (const uint64_t width : {40u, 40u, 41u, 12u, 40u, 40u}) {
        const Picture p = samples::pattern(width, 30 + width % 3, width == 12 ? 4 : 3);
        host.give(samples::frame(p));
        expected.push_back(resized(p, {{"shorter", "9"}}));
    }
    ASSERT_EQ(host.drive(), MPIPE_OK);
    for (size_t i = 0; i < expected.size(); i++)
        EXPECT_EQ(samples::picture_of(host.outputs().at(i)), expected[i]) << i;
}

TEST(ImageResize, RefusesOptionsThatDoNotSayASize)
{
    for (const Options &options : {Options{}, Options{{"shorter", "5"}, {"width", "5"}}, Options{{"fit", "inside"}}}) {
        Host host("image", "resize");
        for (const auto &[option, value] : options)
            host.set(option, value);
        EXPECT_EQ(host.start(), MPIPE_BAD_CONFIG);
        EXPECT_TRUE(host.logged("shorter"));
    }
}

TEST(ImageResize, AnImageThatWouldBecomeTooLargeIsRefusedWithTheSettingToRaise)
{
    Host host("image", "resize");
    host.set("shorter", "256").max_frame(1 << 20).give(samples::frame(samples::pattern(3000, 2), "strip.png"));
    ASSERT_EQ(host.drive(), MPIPE_OK);
    EXPECT_EQ(
        host.dead_letters().at(0).reason,
        "strip.png: 384000x256 pixels do not fit into this stage's largest frame of 1048576 bytes; raise memory, or "
        "stages.stage.memory");
}

// ---- cropping ----

TEST(ImageCenterCrop, CutsTheMiddleOut)
{
    const Picture p = samples::pattern(11, 8);
    const Picture expected =
        samples::picture(4, 3, 3, [&](uint64_t x, uint64_t y, uint64_t c) { return p.at(x + 3, y + 2, c); });
    EXPECT_EQ(cropped(p, {{"width", "4"}, {"height", "3"}}), expected);
    EXPECT_EQ(cropped(samples::pattern(7, 6, 4), {{"size", "6"}}).width, 6u);
}

TEST(ImageCenterCrop, AnImageOfTheRightSizeIsNotCopied)
{
    Host host("image", "center_crop");
    host.set("size", "10").give(samples::frame(samples::pattern(10, 10)));
    ASSERT_EQ(host.drive(), MPIPE_OK);
    EXPECT_TRUE(host.outputs().at(0).forwarded);
}

TEST(ImageCenterCrop, RefusesSmallerImagesUnlessToldToPad)
{
    Host host("image", "center_crop");
    host.set("size", "10").give(samples::frame(samples::pattern(20, 9), "small.png"));
    ASSERT_EQ(host.drive(), MPIPE_OK);
    EXPECT_EQ(host.dead_letters().at(0).reason,
              "small.png: 20x9 pixels are fewer than the 10x10 to cut out; resize before, "
              "or set smaller = \"pad\"");
}

TEST(ImageCenterCrop, PadsOnAllSidesWithTheColour)
{
    const int colour[] = {1, 2, 3};
    for (uint64_t channels = 1; channels <= 4; channels++) {
        const Picture p = samples::pattern(9, 4, channels);
        const Picture expected = samples::picture(6, 7, channels, [&](uint64_t x, uint64_t y, uint64_t c) -> int {
            if (y >= 1 && y < 5)
                return p.at(x + 1, y - 1, c);
            return channels % 2 == 0 && c == channels - 1 ? 255 : channels < 3 ? 2 : colour[c];
        });
        EXPECT_EQ(cropped(p, {{"width", "6"}, {"height", "7"}, {"smaller", "pad"}, {"fill", "#010203"}}), expected);
    }
}

TEST(ImageCenterCrop, RefusesOptionsThatDoNotSayASizeOrAColour)
{
    for (const Options &options : {Options{}, Options{{"size", "5"}, {"width", "5"}}, Options{{"width", "5"}},
                                   Options{{"size", "5"}, {"fill", "grue"}}}) {
        Host host("image", "center_crop");
        for (const auto &[option, value] : options)
            host.set(option, value);
        EXPECT_EQ(host.start(), MPIPE_BAD_CONFIG);
        EXPECT_TRUE(host.logged("image.center_crop: "));
    }
}

} // namespace
