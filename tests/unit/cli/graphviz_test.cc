// What becomes of a drawing when dot does this or that.
extern "C" {
#include "graphviz.h"
}
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string>

#include "../../support/temp_folder.h"

namespace
{

class Graphviz : public testing::Test
{
  protected:
    void SetUp() override { setenv("PATH", (folder_.path() + ":/bin:/usr/bin").c_str(), 1); }

    void TearDown() override
    {
        setenv("PATH", path_.c_str(), 1);
        free(svg_);
    }

    // In the place of dot, a script.
    void Dot(const std::string &script)
    {
        const std::string file = folder_.file("dot", "#!/bin/sh\n" + script + "\n");
        ASSERT_EQ(chmod(file.c_str(), 0755), 0);
    }

    int Draw(const std::string &text) { return graphviz_svg(text.data(), text.size(), &svg_, &size_); }

    std::string Svg() const { return std::string(svg_ ? svg_ : "", size_); }

    // With a limit that is lower, for once.
    int DrawWithin(__rlimit_resource_t resource, rlim_t limit)
    {
        rlimit usual;
        getrlimit(resource, &usual);
        const rlimit low = {limit, usual.rlim_max};
        EXPECT_EQ(setrlimit(resource, &low), 0);
        const int error = Draw("digraph {}");
        setrlimit(resource, &usual);
        return error;
    }

    harness::TempFolder folder_;
    const std::string path_ = getenv("PATH");
    char *svg_ = nullptr;
    size_t size_ = 0;
};

} // namespace

TEST_F(Graphviz, AnSvgIsWhatDotWrites)
{
    Dot("echo \"<svg $*>\"; exec cat");
    EXPECT_EQ(Draw("digraph {}"), 0);
    EXPECT_EQ(Svg(), "<svg -Tsvg>\ndigraph {}");
}

TEST_F(Graphviz, AnSvgMayBeLargerThanAPipe)
{
    const std::string large(3 << 20, 'x');
    Dot("exec cat");
    EXPECT_EQ(Draw(large), 0);
    EXPECT_EQ(Svg(), large);
}

TEST_F(Graphviz, DotIsEndedByAPipeThatNobodyReads)
{
    const auto before = signal(SIGPIPE, SIG_IGN);
    Dot("kill -PIPE $$; echo '<svg>'");
    EXPECT_EQ(Draw("digraph {}"), -EIO) << "dot ignores what we ignore";
    signal(SIGPIPE, before);
}

TEST_F(Graphviz, ADotThatFailsDiesOrWritesNothingHasFailed)
{
    for (const char *script : {"echo '<svg>'; exit 1", "echo '<svg>'; kill -KILL $$", "exit 0"}) {
        Dot(script);
        EXPECT_EQ(Draw("digraph {}"), -EIO) << script;
        EXPECT_EQ(Svg(), "") << script;
    }
}

TEST_F(Graphviz, WithoutDotThereIsNone)
{
    setenv("PATH", folder_.path().c_str(), 1);
    EXPECT_EQ(Draw("digraph {}"), -ENOENT);
}

TEST_F(Graphviz, WithoutDescriptorsOrRoomThereIsNoneAndTheReason)
{
    Dot("exec cat");
    const int next = dup(0); // the first that is free
    close(next);
    for (int more : {0, 1})
        EXPECT_EQ(DrawWithin(RLIMIT_NOFILE, static_cast<rlim_t>(next + more)), -EMFILE);
    const auto before = signal(SIGXFSZ, SIG_IGN);
    EXPECT_EQ(DrawWithin(RLIMIT_FSIZE, 0), -EFBIG);
    signal(SIGXFSZ, before);
    EXPECT_EQ(Draw("digraph {}"), 0);
}
