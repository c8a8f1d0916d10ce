// ordered = true: the same bytes with any number of workers.
#include "running.h"

#include <filesystem>
#include <gtest/gtest.h>
#include <png.h>

using namespace crash;
using namespace std::chrono_literals;

namespace
{

std::string uneven_lines(long long n)
{
    std::string text;
    for (long long i = 0; i < n; i++)
        text += std::to_string(i) + std::string(static_cast<size_t>(i * i % 701), '-') + "\n";
    return text;
}

// Pictures of very different sizes, so that those that are started later are often done sooner.
void make_pictures(const std::string &folder, int n)
{
    std::filesystem::create_directory(folder);
    for (int i = 0; i < n; i++) {
        png_image picture = {};
        picture.version = PNG_IMAGE_VERSION;
        picture.width = picture.height = i % 7 == 0 ? 200 : 16 + static_cast<unsigned>(i) % 20;
        picture.format = PNG_FORMAT_RGB;
        std::vector<uint8_t> pixels(PNG_IMAGE_SIZE(picture));
        for (size_t at = 0; at < pixels.size(); at++)
            pixels[at] = static_cast<uint8_t>(at * static_cast<size_t>(i + 1) / 7);
        std::string path = folder + "/" + std::to_string(1000 + i) + ".png";
        ASSERT_NE(png_image_write_to_file(&picture, path.c_str(), 0, pixels.data(), 0, nullptr), 0) << picture.message;
    }
}

// Each file of a folder, by its name.
std::map<std::string, std::string> contents(const std::string &folder)
{
    std::map<std::string, std::string> found;
    for (const auto &file : std::filesystem::directory_iterator(folder))
        found[file.path().filename()] = read_file(file.path());
    return found;
}

std::string ordered(const std::string &processor, int workers)
{
    return processor + " :ordered=true :workers=" + std::to_string(workers) + " ";
}

} // namespace

class OrderWithWorkers : public testing::TestWithParam<int>
{
};

INSTANTIATE_TEST_SUITE_P(, OrderWithWorkers, testing::Values(1, 2, 5), testing::PrintToStringParamName());

TEST_P(OrderWithWorkers, LinesComeOutAsTheyWentIn)
{
    Folder folder;
    std::string text = uneven_lines(scaled(100000LL));
    write_file(folder / "in", text);
    Running run(folder, {"-e", "text.lines path=in | " + ordered("lab.copy", GetParam()) + "| " +
                                   ordered("text.grep pattern=.", GetParam()) + "| text.write path=out"});
    Result result = run.finish();
    EXPECT_EQ(result.exit_code, 0) << result.reason << result.errors;
    EXPECT_EQ(broken_identity(result), "");
    EXPECT_TRUE(read_file(folder / "out") == text) << "other bytes than in the input";
}

TEST(Order, ShardsOfPicturesAreTheSameBytesWithAnyNumberOfWorkers)
{
    std::map<std::string, std::string> first;
    for (int workers : {1, 2, 5}) {
        Folder folder;
        make_pictures(folder / "pictures", 120);
        Running run(folder, {"-e", "files.read path=pictures | " + ordered("image.decode", workers) + "| " +
                                       ordered("image.encode format=jpeg", workers) +
                                       "| wds.write pattern=out/%04d.tar max_count=50"});
        Result result = run.finish();
        ASSERT_EQ(result.exit_code, 0) << result.reason << result.errors;
        EXPECT_EQ(broken_identity(result), "");
        auto shards = contents(folder / "out");
        EXPECT_EQ(shards.size(), 3u);
        if (first.empty())
            first = shards;
        EXPECT_TRUE(shards == first) << "other shards with " << workers << " workers than with one";
    }
}

TEST(Order, KillsDoNotChangeAByteOfAnOrderedFile)
{
    Folder folder;
    std::string text = uneven_lines(scaled(200000LL));
    write_file(folder / "in", text);
    Running run(folder, {"-e", "text.lines path=in | " + ordered("lab.copy", 3) + "| text.write path=out"});
    EXPECT_GT(run.kill_workers(scaled(20ms), 6, [](const std::string &) { return 1; }), 0);
    Result result = run.finish();
    EXPECT_EQ(result.exit_code, 0) << result.reason << result.errors;
    EXPECT_EQ(broken_identity(result), "");
    EXPECT_TRUE(read_file(folder / "out") == text) << "other bytes than in the input";
}
