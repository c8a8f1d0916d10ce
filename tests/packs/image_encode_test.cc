#include <gtest/gtest.h>

#include "image_samples.h"

namespace
{

using harness::FrameData;
using harness::Host;
using samples::Picture;
using Options = std::map<std::string, std::string>;
using Strings = std::vector<std::string>;

harness::Output encoded(const Picture &p, const Options &options = {})
{
    Host host("image", "encode");
    for (const auto &[option, value] : options)
        host.set(option, value);
    host.give(samples::frame(p, "a.tiff"));
    EXPECT_EQ(host.drive(), MPIPE_OK) << host.trouble();
    return host.outputs().empty() ? harness::Output{} : host.outputs()[0];
}

Picture decoded_again(const std::string &file)
{
    Host host("image", "decode");
    host.give_bytes(file);
    EXPECT_EQ(host.drive(), MPIPE_OK) << host.trouble();
    return host.outputs().empty() ? Picture{} : samples::picture_of(host.outputs()[0]);
}

TEST(ImageEncode, JpegComesBackNearlyAsItWas)
{
    const Picture p = samples::smooth(61, 47);
    for (const char *chroma : {"420", "422", "444"})
        EXPECT_LE(samples::difference(decoded_again(encoded(p, {{"chroma", chroma}, {"quality", "95"}}).bytes), p), 6)
            << chroma;
}

TEST(ImageEncode, PngComesBackExactly)
{
    const Picture p = samples::pattern(61, 47);
    for (const char *level : {"0", "1", "9"})
        EXPECT_EQ(decoded_again(encoded(p, {{"format", "png"}, {"level", level}}).bytes), p) << level;
}

TEST(ImageEncode, GreyStaysGrey)
{
    const Picture p = samples::pattern(24, 24, 1);
    const std::string jpeg = encoded(p, {{"quality", "90"}}).bytes;
    EXPECT_EQ(jpeg.at(samples::find_marker(jpeg, 0xc0) + 9), 1) << "components";
    const Picture png = decoded_again(encoded(p, {{"format", "png"}}).bytes);
    EXPECT_EQ(png.at(5, 7, 0), p.at(5, 7, 0));
    EXPECT_EQ(png.at(5, 7, 2), p.at(5, 7, 0));
}

TEST(ImageEncode, SaysTheFormatAndForgetsTheShape)
{
    for (const char *format : {"jpeg", "png"}) {
        const harness::Output file = encoded(samples::pattern(9, 9), {{"format", format}});
        EXPECT_EQ(file.attributes, (harness::Attributes{{"path", "a.tiff"}, {"format", format}}));
        EXPECT_EQ(file.type, static_cast<uint32_t>(MPIPE_BYTES));
    }
}

TEST(ImageEncode, TheSamePixelsGiveTheSameBytes)
{
    Host host("image", "encode");
    host.set("quality", "70");
    for (int i = 0; i < 3; i++)
        host.give(samples::frame(samples::pattern(50, 40))).give(samples::frame(samples::smooth(90, 10)));
    ASSERT_EQ(host.drive(), MPIPE_OK);
    for (size_t i = 2; i < 6; i++)
        EXPECT_EQ(host.outputs().at(i).bytes, host.outputs().at(i % 2).bytes);
}

TEST(ImageEncode, HigherQualityIsLarger)
{
    const Picture p = samples::pattern(64, 64);
    EXPECT_LT(encoded(p, {{"quality", "40"}}).bytes.size(), encoded(p, {{"quality", "95"}}).bytes.size());
    EXPECT_LT(encoded(p, {{"chroma", "420"}}).bytes.size(), encoded(p, {{"chroma", "444"}}).bytes.size());
}

TEST(ImageEncode, RefusesWhatTheFormatCannotHold)
{
    Host host("image", "encode");
    host.give(samples::frame(samples::pattern(4, 4, 4), "a.png"))
        .give(samples::frame(samples::pattern(4, 4, 2), "b.png"));
    host.give(samples::frame(samples::pattern(65501, 1, 1), "c.png"));
    ASSERT_EQ(host.drive(), MPIPE_OK);
    Strings reasons;
    for (const harness::DeadLetter &letter : host.dead_letters())
        reasons.push_back(letter.reason);
    EXPECT_EQ(reasons, (Strings{"a.png: JPEG has 1 or 3 channels, not 4; use format = \"png\"",
                                "b.png: JPEG has 1 or 3 channels, not 2; use format = \"png\"",
                                "c.png: 65501x1 pixels: JPEG allows sides of at most 65500; use format = \"png\""}));
}

TEST(ImageEncode, SaysWhichSettingToRaiseIfTheFileCanNeverFit)
{
    Host host("image", "encode");
    host.max_frame(100).give(samples::frame(samples::pattern(64, 64), "a.png"));
    ASSERT_EQ(host.drive(), MPIPE_OK);
    EXPECT_NE(host.dead_letters().at(0).reason.find("raise memory, or stages.stage.memory"), std::string::npos);
}

// ---- frames that are not what they say ----

Strings refusals(const char *name, const std::vector<FrameData> &frames)
{
    Host host("image", name);
    if (std::string(name) != "encode")
        host.set(std::string(name) == "resize" ? "shorter" : "size", "4");
    for (const FrameData &frame : frames)
        host.give(frame);
    EXPECT_EQ(host.drive(), MPIPE_OK) << host.trouble();
    EXPECT_EQ(host.outputs().size(), 0u);
    Strings reasons;
    for (const harness::DeadLetter &letter : host.dead_letters())
        reasons.push_back(letter.reason);
    return reasons;
}

TEST(ImageFrames, AreRefusedIfTheirAttributesAndSizeDisagree)
{
    const FrameData good = samples::frame(samples::pattern(8, 8), "x");
    std::vector<FrameData> frames(9, good);
    frames[0].attributes.erase("shape");
    frames[1].attributes.erase("dtype");
    frames[2].attributes["dtype"] = "float32";
    frames[3].attributes["shape"] = samples::shape(8, 8, 3).substr(0, 16);
    frames[4].attributes["shape"] = samples::shape(8, 8, 4);
    frames[5].attributes["shape"] = samples::shape(0, 8, 3);
    frames[6].attributes["shape"] = samples::shape(1ull << 62, 4, 4); /* 2^66 is 0 in 64 bits */
    frames[6].bytes = "";
    frames[7].attributes["shape"] = samples::shape(8, 8, 5);
    frames[8].bytes.pop_back();
    const Strings expected = {
        "x: not an image: it has no attribute \"shape\"; put image.decode before",
        "x: not an image: it has no attribute \"dtype\"; put image.decode before",
        "x: samples are float32, only uint8 can be handled",
        "x: the shape of an image is height, width, channels; this one has rank 2",
        "x: 192 bytes are not the 8x8 pixels with 4 channels that it says it has",
        "x: cannot handle an image of 8x0 pixels with 3 channels",
        "x: 0 bytes are not the 4x4611686018427387904 pixels with 4 channels that it says it has",
        "x: cannot handle an image of 8x8 pixels with 5 channels",
        "x: 191 bytes are not the 8x8 pixels with 3 channels that it says it has",
    };
    for (const char *name : {"resize", "center_crop", "encode"})
        EXPECT_EQ(refusals(name, frames), expected) << name;
}

TEST(ImageFrames, PassOnceAfterADeathOrWithoutMemoryAtAnyPoint)
{
    const Picture p = samples::pattern(20, 12);
    for (const char *name : {"resize", "center_crop", "encode"}) {
        std::string expected;
        for (uint64_t n = 0; n < 24; n++) {
            Host host("image", name);
            if (std::string(name) != "encode")
                host.set(std::string(name) == "resize" ? "shorter" : "size", "6");
            host.die_at(n).fail_create_at(n / 2).give(samples::frame(p, "x"));
            ASSERT_EQ(host.drive(), MPIPE_OK) << host.trouble();
            ASSERT_EQ(host.outputs().size(), 1u) << name << n;
            if (n == 0)
                expected = host.outputs()[0].bytes;
            EXPECT_EQ(host.outputs()[0].bytes, expected) << name << n;
        }
    }
}

} // namespace
