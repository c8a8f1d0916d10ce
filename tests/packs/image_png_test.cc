#include <cmath>

#include <gtest/gtest.h>

#include "image_samples.h"

namespace
{

using harness::Host;
using samples::Picture;
using samples::PngStyle;

constexpr int background[] = {0x10, 0x80, 0xf0};

Picture decoded_over_blue(const std::string &file)
{
    Host host("image", "decode");
    host.set("background", "#1080f0").give_bytes(file);
    EXPECT_EQ(host.drive(), MPIPE_OK) << host.trouble();
    return host.outputs().empty() ? Picture{0, 0, 0, host.trouble()} : samples::picture_of(host.outputs()[0]);
}

int over(double sample, double opacity, uint64_t channel)
{
    return static_cast<int>(std::lround(sample * opacity + background[channel] * (1 - opacity)));
}

PngStyle style_of(int colour_type, int depth, bool interlaced)
{
    PngStyle style;
    style.colour_type = colour_type;
    style.depth = depth;
    style.interlaced = interlaced;
    return style;
}

/* Rows of `depth` bit samples, the first sample in the highest bits. */
std::string packed(const Picture &p, int depth)
{
    std::string rows;
    for (uint64_t y = 0; y < p.height; y++) {
        unsigned bits = 0, n = 0;
        for (uint64_t x = 0; x < p.width; x++) {
            bits = bits << depth | (p.at(x, y, 0) & ((1u << depth) - 1));
            n += static_cast<unsigned>(depth);
            if (n == 8 || x + 1 == p.width) {
                rows.push_back(static_cast<char>(bits << (8 - n)));
                bits = n = 0;
            }
        }
    }
    return rows;
}

class ImagePng : public testing::TestWithParam<bool> /* interlaced? */
{
};

TEST_P(ImagePng, RgbIsTakenAsItIs)
{
    for (const uint64_t side : {1u, 7u, 33u})
        EXPECT_EQ(decoded_over_blue(samples::png(samples::pattern(side, side + 2), GetParam())),
                  samples::pattern(side, side + 2));
}

TEST_P(ImagePng, GreyOfEveryDepthIsStretchedToEightBits)
{
    for (const int depth : {1, 2, 4, 8}) {
        const Picture levels = samples::pattern(19, 11, 1);
        const int top = (1 << depth) - 1;
        const std::string file = samples::png(19, 11, packed(levels, depth), style_of(0, depth, GetParam()));
        const Picture expected = samples::picture(
            19, 11, 3, [&](uint64_t x, uint64_t y, uint64_t) { return (levels.at(x, y, 0) & top) * 255 / top; });
        EXPECT_EQ(decoded_over_blue(file), expected) << depth;
    }
}

TEST_P(ImagePng, PalettesAreExpandedWithTheirTransparency)
{
    for (const int depth : {1, 2, 4, 8}) {
        PngStyle style = style_of(3, depth, GetParam());
        const int colours = 1 << std::min(depth, 5);
        for (int i = 0; i < colours * 3; i++)
            style.palette.push_back(static_cast<uint8_t>(i * 53));
        style.transparency = {0, 100};
        const Picture index = samples::picture(
            23, 9, 1, [=](uint64_t x, uint64_t y, uint64_t) { return static_cast<int>((x * 3 + y) % colours); });
        const Picture expected = samples::picture(23, 9, 3, [&](uint64_t x, uint64_t y, uint64_t c) {
            const uint8_t i = index.at(x, y, 0);
            return over(style.palette[i * 3 + c], i < 2 ? style.transparency[i] / 255.0 : 1.0, c);
        });
        EXPECT_EQ(decoded_over_blue(samples::png(23, 9, packed(index, depth), style)), expected) << depth;
    }
}

TEST_P(ImagePng, AlphaIsLaidOverTheBackground)
{
    for (const uint64_t channels : {2u, 4u}) {
        const Picture p = samples::pattern(31, 17, channels);
        const Picture expected = samples::picture(31, 17, 3, [&](uint64_t x, uint64_t y, uint64_t c) {
            return over(p.at(x, y, channels == 2 ? 0 : c), p.at(x, y, channels - 1) / 255.0, c);
        });
        EXPECT_EQ(decoded_over_blue(samples::png(p, GetParam())), expected) << channels;
    }
}

uint64_t sample16(uint64_t x, uint64_t y, uint64_t c)
{
    return (x * 7919 + y * 104729 + c * 31337 + x * y) & 0xffff;
}

TEST_P(ImagePng, SixteenBitsAreRoundedToEight)
{
    const int types[] = {0, 0, 4, 2, 6};
    for (uint64_t channels = 1; channels <= 4; channels++) {
        std::string rows;
        for (uint64_t y = 0; y < 13; y++)
            for (uint64_t x = 0; x < 21; x++)
                for (uint64_t c = 0; c < channels; c++)
                    rows += {static_cast<char>(sample16(x, y, c) >> 8), static_cast<char>(sample16(x, y, c))};
        const Picture expected = samples::picture(21, 13, 3, [&](uint64_t x, uint64_t y, uint64_t c) {
            const double opacity = channels % 2 ? 1.0 : static_cast<double>(sample16(x, y, channels - 1)) / 65535;
            return over(static_cast<double>(sample16(x, y, channels < 3 ? 0 : c)) / 257, opacity, c);
        });
        const Picture image = decoded_over_blue(samples::png(21, 13, rows, style_of(types[channels], 16, GetParam())));
        EXPECT_LE(samples::difference(image, expected), channels % 2 ? 0 : 1) << channels;
    }
}

TEST_P(ImagePng, OneTransparentColourShowsTheBackground)
{
    PngStyle style = style_of(2, 8, GetParam());
    style.transparent = {37, 96, 155}; /* the pixel at 1,0 */
    const Picture p = samples::pattern(9, 5);
    const Picture expected = samples::picture(9, 5, 3, [&](uint64_t x, uint64_t y, uint64_t c) {
        const bool hidden = p.at(x, y, 0) == 37 && p.at(x, y, 1) == 96 && p.at(x, y, 2) == 155;
        return hidden ? background[c] : p.at(x, y, c);
    });
    const Picture image = decoded_over_blue(samples::png(9, 5, p.bytes, style));
    EXPECT_EQ(image, expected);
    EXPECT_EQ(image.at(1, 0, 2), 0xf0);
}

TEST_P(ImagePng, GammaChangesNothing)
{
    PngStyle style = style_of(6, 8, GetParam());
    const Picture p = samples::pattern(31, 17, 4);
    const std::string plain = samples::png(31, 17, p.bytes, style);
    style.gamma = 0.45;
    EXPECT_EQ(decoded_over_blue(samples::png(31, 17, p.bytes, style)), decoded_over_blue(plain));
}

TEST_P(ImagePng, OneTransparentGreyShowsTheBackground)
{
    PngStyle style = style_of(0, 8, GetParam());
    const Picture p = samples::pattern(9, 5, 1);
    style.transparent = {p.at(4, 3, 0)};
    const Picture image = decoded_over_blue(samples::png(9, 5, p.bytes, style));
    EXPECT_EQ(image.at(4, 3, 0), 0x10);
    EXPECT_EQ(image.at(4, 3, 2), 0xf0);
    EXPECT_EQ(image.at(3, 3, 1), p.at(3, 3, 0));
}

INSTANTIATE_TEST_SUITE_P(Layouts, ImagePng, testing::Bool(),
                         [](const auto &layout) { return layout.param ? "Interlaced" : "Plain"; });

} // namespace
