// The processors of the tutorial, killed at every call they make.
#include <gtest/gtest.h>

#include <dlfcn.h>
#include <functional>
#include <stdexcept>

#include "harness.h"
#include "markdown.h"
#include "shell.h"

// The processors of docs/writing-a-processor.md, compiled from the page.
class Tutorial : public testing::Test
{
  protected:
    // The only processor of a pack whose source stands in the page.
    const mpipe_processor *processor(const std::string &pack)
    {
        const Markdown page = markdown_read(SOURCE_DIR "/docs/writing-a-processor.md");
        for (const Block &block : page.blocks)
            if ((block.language == "c" || block.language == "cpp") &&
                block.text.find("MPIPE_PLUGIN(\"" + pack + "\"") != std::string::npos)
                return load(pack, block);
        throw std::runtime_error("the tutorial has no pack " + pack);
    }

    // What a run gives must not depend on where the worker is killed, nor on where memory is short: outputs, dead
    // letters and what `seen` says.
    void kill_and_starve_at_every_point(
        const std::function<void(harness::Host &)> &prepare, const mpipe_processor *p,
        const std::function<std::string()> &seen = [] { return std::string(); })
    {
        harness::Host peace(p);
        prepare(peace);
        ASSERT_EQ(peace.drive(), MPIPE_OK) << peace.trouble();
        const std::string seen_in_peace = seen();
        const auto try_with = [&](const char *trouble, uint64_t at, const auto &cause) {
            harness::Host host(p);
            prepare(host);
            cause(host, at);
            ASSERT_EQ(host.drive(), MPIPE_OK) << trouble << at << host.trouble();
            EXPECT_EQ(host.output_bytes(), peace.output_bytes()) << trouble << at;
            EXPECT_EQ(host.dead_letters().size(), peace.dead_letters().size()) << trouble << at;
            EXPECT_EQ(seen(), seen_in_peace) << trouble << at;
        };
        for (uint64_t at = 1; at <= peace.points(); at++)
            try_with("killed at point ", at, [](harness::Host &host, uint64_t n) { host.die_at(n); });
        for (uint64_t at = 1; at <= peace.creates(); at++)
            try_with("no memory at create ", at, [](harness::Host &host, uint64_t n) { host.fail_create_at(n); });
    }

    Folder folder_;

  private:
    const mpipe_processor *load(const std::string &pack, const Block &block)
    {
        const bool is_cpp = block.language == "cpp";
        const std::string source = pack + "." + block.language;
        folder_.write(source, block.text);
        const Outcome built =
            folder_.run(std::string(is_cpp ? CXX_COMPILER " -std=c++20 -Wall -Wpedantic -Werror" : C_COMPILER) +
                        " -O2 -fPIC -shared -I" SOURCE_DIR "/sdk/include -o " + pack + ".so " + source);
        void *plugin = dlopen((folder_.path() / (pack + ".so")).c_str(), RTLD_NOW | RTLD_LOCAL);
        if (built.status != 0 || !plugin)
            throw std::runtime_error(built.output + (plugin ? "" : dlerror()));
        auto describe = reinterpret_cast<const mpipe_plugin *(*)()>(dlsym(plugin, "mpipe_plugin_v1"));
        return describe()->processors[0];
    }
};

TEST_F(Tutorial, UpperChangesEachFrameOnceWhereverItIsKilled)
{
    kill_and_starve_at_every_point([](harness::Host &host) { host.give_bytes("one").give_bytes("Two").give_bytes(""); },
                                   processor("upper"));
}

TEST_F(Tutorial, AtleastDropsWhatIsShort)
{
    harness::Host host(processor("atleast"));
    host.set("size", "4").give_bytes("abc").give_bytes("abcd");
    ASSERT_EQ(host.drive(), MPIPE_OK) << host.trouble();
    EXPECT_EQ(host.output_bytes(), std::vector<std::string>{"abcd"});
    EXPECT_EQ(host.dropped(), 1u);
}

TEST_F(Tutorial, LabelTakesTheFirstFolderAndRefusesFramesWithoutOne)
{
    harness::Host host(processor("label"));
    host.give_bytes("1", {{"path", "cats/tom/1.jpg"}}).give_bytes("2", {{"path", "2.jpg"}}).give_bytes("3");
    ASSERT_EQ(host.drive(), MPIPE_OK) << host.trouble();
    ASSERT_EQ(host.outputs().size(), 1u);
    EXPECT_EQ(host.outputs()[0].attributes.at("label"), "cats");
    EXPECT_EQ(host.dead_letters().size(), 2u);
}

TEST_F(Tutorial, CountGivesEachNumberOnceWhereverItIsKilled)
{
    kill_and_starve_at_every_point([](harness::Host &host) { host.set("n", "12"); }, processor("count"));
}

TEST_F(Tutorial, AppendWritesEachLineOnceWhereverItIsKilled)
{
    const std::string path = (folder_.path() / "out.txt").string();
    kill_and_starve_at_every_point(
        [&](harness::Host &host) {
            host.set("path", path).commit_every(2).give_bytes("one").give_bytes("two").give_bytes("three");
        },
        processor("append"), [&] { return folder_.read("out.txt"); });
    EXPECT_EQ(folder_.read("out.txt"), "one\ntwo\nthree\n");
}

TEST_F(Tutorial, PairJoinsEachFrameOnceWhereverItIsKilled)
{
    kill_and_starve_at_every_point(
        [](harness::Host &host) {
            for (const char *bytes : {"a", "b", "c", "d", "e"})
                host.give_bytes(bytes);
        },
        processor("pair"));
}

TEST_F(Tutorial, HeartbeatPassesEverythingOnAndSpeaksWhenNothingCame)
{
    harness::Host host(processor("heartbeat"));
    host.give_bytes("one").idle().give_bytes("two");
    ASSERT_EQ(host.drive(), MPIPE_OK) << host.trouble();
    EXPECT_EQ(host.output_bytes(), (std::vector<std::string>{"one", ".", "two"}));
}

TEST_F(Tutorial, VowelsCountsThemAndRefusesFramesWithoutAny)
{
    const mpipe_processor *p = processor("vowels");
    harness::Host host(p);
    host.give_bytes("hello").give_bytes("rhythm");
    ASSERT_EQ(host.drive(), MPIPE_OK) << host.trouble();
    ASSERT_EQ(host.outputs().size(), 1u);
    EXPECT_EQ(host.outputs()[0].attributes.at("vowels"), std::string("\2\0\0\0\0\0\0\0", 8));
    EXPECT_EQ(host.dead_letters().size(), 1u);
    kill_and_starve_at_every_point([](harness::Host &h) { h.give_bytes("one").give_bytes("two"); }, p);
}

TEST_F(Tutorial, TablesHaveNoProblem)
{
    for (const char *pack : {"vowels", "atleast", "label", "count", "append", "pair", "heartbeat"})
        for (const std::string &problem : harness::table_problems(processor(pack)))
            EXPECT_EQ(problem, "") << pack;
}
