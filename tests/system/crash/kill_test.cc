// Random workers killed with SIGKILL all the time: what arrives is what arrives when nobody is killed.
#include "running.h"

#include <algorithm>
#include <archive.h>
#include <archive_entry.h>
#include <cstring>
#include <filesystem>
#include <gtest/gtest.h>
#include <memory>
#include <sstream>

using namespace crash;
using namespace std::chrono_literals;

namespace
{

const char *const filters = " | core.batch :name=batch :workers=2 size=50 timeout=5ms"
                            " | core.unbatch :name=unbatch :workers=2 | ";

double most_of_all_the_sink(const std::string &stage)
{
    return stage == "end" ? 5 : 1;
}

// Not faster than half a second in all: on a fast machine, too, workers are killed that have something to do.
std::string source(long long frames)
{
    return "core.generate :name=source size=64 count=" + std::to_string(frames) + " rate=" + std::to_string(2 * frames);
}

struct Shards {
    std::map<std::string, int> samples; // how often each
    std::vector<size_t> counts;         // by shard, in the order of their names
    std::string wrong;                  // what is not as it should be
};

// The bytes that core.generate gives the frame of this number.
std::string generated(uint64_t sequence)
{
    std::string bytes;
    for (uint64_t word = sequence; word < sequence + 8; word++)
        bytes.append(reinterpret_cast<const char *>(&word), sizeof word);
    return bytes;
}

void read_shard(const std::string &path, Shards &shards)
{
    std::unique_ptr<archive, int (*)(archive *)> tar(archive_read_new(), archive_read_free);
    archive_entry *entry;
    int status = ARCHIVE_FATAL;
    shards.counts.push_back(0);
    archive_read_support_format_tar(tar.get());
    if (archive_read_open_filename(tar.get(), path.c_str(), 1 << 16) == ARCHIVE_OK)
        while ((status = archive_read_next_header(tar.get(), &entry)) == ARCHIVE_OK) {
            std::string name = archive_entry_pathname(entry);
            std::string bytes(static_cast<size_t>(archive_entry_size(entry)), 0);
            archive_read_data(tar.get(), bytes.data(), bytes.size());
            if (bytes != generated(std::stoull(name)))
                shards.wrong += name + " has other bytes; ";
            shards.samples[name]++;
            shards.counts.back()++;
        }
    if (status != ARCHIVE_EOF)
        shards.wrong += path + " is not a valid tar file; ";
}

Shards read_shards(const std::string &folder)
{
    Shards shards;
    std::set<std::string> paths;
    for (const auto &file : std::filesystem::directory_iterator(folder))
        paths.insert(file.path());
    for (const auto &path : paths)
        if (path.size() > 4 && path.substr(path.size() - 4) == ".tar")
            read_shard(path, shards);
        else
            shards.wrong += path + " is left; ";
    return shards;
}

std::vector<std::string> sorted_lines(const std::string &text)
{
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);)
        lines.push_back(line);
    std::sort(lines.begin(), lines.end());
    return lines;
}

// Lines of many lengths, the empty one among them.
std::string numbered_lines(long long n)
{
    std::string text;
    for (long long i = 0; i < n; i++)
        text += i == 17 ? "\n" : std::to_string(i) + std::string(static_cast<size_t>(i % 61), '.') + "\n";
    return text;
}

} // namespace

TEST(Kills, OfAnyWorkerChangeNoDigestNoKeyNoCount)
{
    Folder calm, rough;
    std::string line = source(scaled(2000000LL)) + filters + "debug.checksum :name=end keys=true path=sum";
    Running undisturbed(calm, {"-e", line});
    ASSERT_EQ(undisturbed.finish().exit_code, 0);
    Running run(rough, {"-e", line});
    EXPECT_GT(run.kill_workers(scaled(20ms), 1, anybody), 0);
    Result result = run.finish();
    EXPECT_EQ(result.exit_code, 0) << result.reason << result.errors;
    EXPECT_EQ(broken_identity(result), "");
    EXPECT_EQ(unexplained_restarts(result, run), "");
    EXPECT_EQ(result.stages["end"]["out"], scaled(2000000LL));
    EXPECT_EQ(unordered_digest(rough / "sum"), unordered_digest(calm / "sum"));
}

TEST(Kills, OfOneStageRestartNoOther)
{
    Folder folder;
    Running run(folder, {"-e", source(scaled(1000000LL)) + filters + "core.null :name=end"});
    EXPECT_GT(run.kill_workers(scaled(10ms), 2, [](const std::string &stage) { return stage == "unbatch"; }), 0);
    Result result = run.finish();
    EXPECT_EQ(result.exit_code, 0) << result.reason << result.errors;
    EXPECT_EQ(broken_identity(result), "");
    EXPECT_EQ(unexplained_restarts(result, run), "");
    EXPECT_GT(result.stages["unbatch"]["restarts"], 0);
    EXPECT_EQ(result.stages["end"]["out"], scaled(1000000LL));
}

TEST(Kills, LeaveEachLineOnceInATextFile)
{
    Folder folder;
    std::string text = numbered_lines(scaled(1000000LL));
    write_file(folder / "in", text);
    Running run(folder,
                {"-e", std::string("text.lines :name=source path=in") + filters + "text.write :name=end path=out"});
    EXPECT_GT(run.kill_workers(scaled(20ms), 3, most_of_all_the_sink), 0);
    Result result = run.finish();
    EXPECT_EQ(result.exit_code, 0) << result.reason << result.errors;
    EXPECT_EQ(broken_identity(result), "");
    EXPECT_EQ(unexplained_restarts(result, run), "");
    std::string out = read_file(folder / "out");
    EXPECT_EQ(out.size(), text.size());
    EXPECT_TRUE(sorted_lines(out) == sorted_lines(text)) << "not each line is there once";
}

TEST(Kills, LeaveEachSampleInExactlyOneValidShard)
{
    const long long samples = scaled(200000LL), most = 1000;
    Folder folder;
    std::filesystem::create_directory(folder / "out");
    Running run(folder, {"-e", source(samples) + filters +
                                   "wds.write :name=end pattern=out/%06d.tar key=sequence ext=bin max_count=" +
                                   std::to_string(most)});
    EXPECT_GT(run.kill_workers(scaled(20ms), 4, most_of_all_the_sink), 0);
    Result result = run.finish();
    EXPECT_EQ(result.exit_code, 0) << result.reason << result.errors;
    EXPECT_EQ(broken_identity(result), "");
    EXPECT_EQ(unexplained_restarts(result, run), "");
    Shards shards = read_shards(folder / "out");
    EXPECT_EQ(shards.wrong, "");
    EXPECT_EQ(shards.samples.size(), static_cast<size_t>(samples));
    for (const auto &[name, times] : shards.samples)
        EXPECT_EQ(times, 1) << name;
    ASSERT_EQ(shards.counts.size(), static_cast<size_t>((samples + most - 1) / most));
    for (size_t i = 0; i + 1 < shards.counts.size(); i++)
        EXPECT_EQ(shards.counts[i], static_cast<size_t>(most)) << "shard " << i;
}

// One branch adds to the bytes, so that a frame that one branch has lost and the other doubled would show.
TEST(Kills, LeaveEachFrameOnceInEachOfTwoBranchesOfDifferentSpeed)
{
    Folder calm, rough;
    std::string line = source(scaled(10000LL)) +
                       " | lab.pass :name=quick :inputs=source"
                       " | lab.pass :name=slow :inputs=source :workers=2 delay=20us | lab.add :name=add :workers=2"
                       " | debug.checksum :name=end :inputs=quick,add keys=true path=sum";
    Running undisturbed(calm, {"-e", line});
    ASSERT_EQ(undisturbed.finish().exit_code, 0);
    Running run(rough, {"-e", line});
    EXPECT_GT(run.kill_workers(scaled(20ms), 5, anybody), 0);
    Result result = run.finish();
    EXPECT_EQ(result.exit_code, 0) << result.reason << result.errors;
    EXPECT_EQ(broken_identity(result), "");
    EXPECT_EQ(unexplained_restarts(result, run), "");
    EXPECT_EQ(result.stages["quick"]["out"], scaled(10000LL));
    EXPECT_EQ(result.stages["add"]["out"], scaled(10000LL));
    EXPECT_EQ(unordered_digest(rough / "sum"), unordered_digest(calm / "sum"));
}
