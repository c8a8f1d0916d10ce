#include <random>

#include <gtest/gtest.h>

#include "image_samples.h"

namespace
{

using harness::Host;
using Strings = std::vector<std::string>;

std::map<std::string, std::string> small_files()
{
    const samples::Picture p = samples::pattern(40, 24);
    samples::PngStyle palette;
    palette.colour_type = 3;
    palette.depth = 8;
    palette.palette.assign(256 * 3, 0x55);
    palette.transparency.assign(256, 0x80);
    palette.interlaced = true;
    const std::string exif = std::string("Exif\0\0", 6) + samples::exif_orientation(5, true);
    const std::string inks = samples::pattern(24, 40, 4).bytes;
    return {{"baseline", samples::jpeg(p, {80, 2, false})},
            {"progressive", samples::with_segment(samples::jpeg(p, {80, 0, true}), 0xe1, exif)},
            {"grey", samples::jpeg(samples::pattern(24, 40, 1))},
            {"inks", samples::jpeg({24, 40, 4, inks})},
            {"png", samples::png(p)},
            {"alpha", samples::png(samples::pattern(20, 20, 4), true)},
            {"palette", samples::png(40, 24, samples::pattern(40, 24, 1).bytes, palette)}};
}

TEST(ImageDamage, AFileThatEndsTooEarlyIsRefusedWhereverItEnds)
{
    for (const auto &[name, file] : small_files()) {
        Host host("image", "decode");
        for (size_t length = 0; length < file.size(); length++)
            host.give_bytes(file.substr(0, length), {{"path", "cut.jpg"}});
        host.give_bytes(file);
        ASSERT_EQ(host.drive(), MPIPE_OK);
        EXPECT_EQ(host.outputs().size(), 1u) << name;
        ASSERT_EQ(host.dead_letters().size(), file.size()) << name;
        for (const harness::DeadLetter &letter : host.dead_letters()) {
            EXPECT_EQ(letter.status, MPIPE_BAD_FRAME);
            EXPECT_EQ(letter.reason.rfind("cut.jpg: ", 0), 0u) << letter.reason;
        }
        EXPECT_NE(host.dead_letters().back().reason.find(": damaged "), std::string::npos);
    }
}

TEST(ImageDamage, TheReasonIsTheLibrarysOwn)
{
    const std::string jpeg = samples::jpeg(samples::pattern(64, 64)), png = samples::png(samples::pattern(64, 64));
    Host host("image", "decode");
    host.give_bytes(jpeg.substr(0, jpeg.size() / 2), {{"path", "a.jpg"}});
    host.give_bytes(png.substr(0, png.size() / 2), {{"path", "b.png"}});
    std::string wrong_sum = png;
    wrong_sum[png.size() - 13] ^= 1; /* the end of IDAT; IEND follows */
    host.give_bytes(wrong_sum, {{"path", "c.png"}});
    ASSERT_EQ(host.drive(), MPIPE_OK);
    Strings reasons;
    for (const harness::DeadLetter &letter : host.dead_letters())
        reasons.push_back(letter.reason);
    EXPECT_EQ(reasons, (Strings{"a.jpg: damaged JPEG: Premature end of JPEG file",
                                "b.png: damaged PNG: the file ends too early", "c.png: damaged PNG: IDAT: CRC error"}));
}

TEST(ImageDamage, BytesAfterTheEndAreNoDamage)
{
    for (const auto &[name, file] : small_files()) {
        Host host("image", "decode");
        host.give_bytes(file).give_bytes(file + std::string(1000, 'x')).give_bytes(file + file);
        ASSERT_EQ(host.drive(), MPIPE_OK) << host.trouble();
        ASSERT_EQ(host.outputs().size(), 3u) << name << host.trouble();
        EXPECT_EQ(host.outputs()[1].bytes, host.outputs()[0].bytes);
        EXPECT_EQ(host.outputs()[2].bytes, host.outputs()[0].bytes);
    }
}

TEST(ImageDamage, TolerantTakesWhatIsThereAndFillsTheRest)
{
    const samples::Picture p = samples::pattern(64, 200);
    const std::string jpeg = samples::jpeg(samples::smooth(64, 200)), png = samples::png(p);
    Host host("image", "decode");
    host.set("tolerant", "true").set("background", "#010203");
    host.give_bytes(jpeg.substr(0, jpeg.size() * 2 / 3)).give_bytes(png.substr(0, png.size() * 2 / 3));
    host.give_bytes(jpeg.substr(0, 30)).give_bytes(png.substr(0, 20));
    host.give_bytes(jpeg.substr(0, 200)).give_bytes(png.substr(0, 30));
    ASSERT_EQ(host.drive(), MPIPE_OK);
    ASSERT_EQ(host.outputs().size(), 2u) << host.trouble();
    EXPECT_EQ(samples::picture_of(host.outputs()[0]).height, 200u);
    const samples::Picture image = samples::picture_of(host.outputs()[1]);
    EXPECT_EQ(image.bytes.substr(0, 64 * 3 * 50), p.bytes.substr(0, 64 * 3 * 50));
    EXPECT_EQ(image.bytes.substr(image.bytes.size() - 3), "\1\2\3");
    EXPECT_EQ(host.dead_letters().size(), 4u) << "without a header there is nothing to take";
}

/* Some bytes changed, some cut out, some doubled. */
std::string mutated(std::string file, std::mt19937 &random)
{
    const auto below = [&random](size_t n) { return std::uniform_int_distribution<size_t>(0, n - 1)(random); };
    for (size_t changes = 1 + below(4); changes > 0; changes--) {
        const size_t at = below(file.size()), length = 1 + below(std::min<size_t>(16, file.size() - at));
        switch (below(6)) {
        case 0:
            if (file.size() > length)
                file.erase(at, length);
            break;
        case 1:
            file.insert(at, file.substr(at, length));
            break;
        case 2:
            file[at] = static_cast<char>(0xff);
            break;
        case 3:
            file[at] = static_cast<char>(file[at] ^ (1 << below(8)));
            break;
        default:
            file[at] = static_cast<char>(below(256));
        }
    }
    return file;
}

TEST(ImageDamage, NoMutationOfAFileCrashesOrPassesUnnoticed)
{
    const std::map<std::string, std::string> files = small_files();
    for (const char *tolerant : {"false", "true"}) {
        std::mt19937 random(20240229);
        Host host("image", "decode");
        host.set("tolerant", tolerant).set("max_pixels", "4000000").max_frame(64 << 20);
        for (size_t i = 0; i < 2000; i++)
            host.give_bytes(mutated(std::next(files.begin(), static_cast<long>(i % files.size()))->second, random));
        ASSERT_EQ(host.drive(), MPIPE_OK);
        EXPECT_EQ(host.outputs().size() + host.dead_letters().size(), 2000u);
        EXPECT_GT(host.dead_letters().size(), 200u);
        EXPECT_GT(host.outputs().size(), 50u);
        for (const harness::Output &output : host.outputs())
            EXPECT_EQ(samples::picture_of(output).channels, 3u);
    }
}

} // namespace
