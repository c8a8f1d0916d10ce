// The part of a pipeline behind some of its stages.
extern "C" {
#include "feed.h"
}
#include "parsed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <memory>

namespace
{

using testing::ElementsAre;

class Feed : public testing::Test
{
  protected:
    ~Feed() override { pipeline_destroy(&fed_); }

    // Feeds the stages of that name, each from a source of its own.
    void Make(const std::string &line, const std::vector<std::string> &stages)
    {
        whole_ = std::make_unique<Parsed>(Parsed::line(line)); // it lives longer than what points into it
        const Parsed &whole = *whole_;
        std::vector<feed> feeds;
        for (const std::string &name : stages)
            feeds.push_back({&source_->stages[0], static_cast<uint32_t>(pipeline_stage(whole.get(), name.c_str())), 0});
        ASSERT_EQ(pipeline_feed(whole.get(), feeds.data(), static_cast<uint32_t>(feeds.size()), &fed_), 0);
    }

    std::vector<std::string> Stages() const
    {
        std::vector<std::string> names;
        for (uint32_t i = 0; i < fed_->n_stages; i++)
            names.emplace_back(fed_->stages[i].name);
        return names;
    }

    // "from>to", with a + where blocks are copied.
    std::vector<std::string> Edges() const
    {
        std::vector<std::string> all;
        for (uint32_t i = 0; i < fed_->n_edges; i++)
            all.push_back(std::string(fed_->stages[fed_->edges[i].from].name) + ">" +
                          fed_->stages[fed_->edges[i].to].name + (fed_->edges[i].copy ? "+" : ""));
        return all;
    }

    Parsed source_ = Parsed::line("files.read path=/ :name=letters | files.write path=x");
    std::unique_ptr<Parsed> whole_;
    pipeline *fed_ = nullptr;
};

const char *const chain =
    "files.read path=/ :name=read | image.decode :name=decode | image.resize :name=resize shorter=1 | files.write "
    "path=x :name=write";
const char *const diamond = "files.read path=/ :name=read | image.decode :name=a :inputs=read | image.decode :name=b "
                            ":inputs=read | files.write path=x :name=end :inputs=a,b";

} // namespace

TEST_F(Feed, HasTheStageAndAllThatComesAfterIt)
{
    Make(chain, {"resize"});
    EXPECT_THAT(Stages(), ElementsAre("letters", "resize", "write"));
    EXPECT_THAT(Edges(), ElementsAre("letters>resize", "resize>write"));
}

TEST_F(Feed, OfASinkIsTheSinkAlone)
{
    Make(chain, {"write"});
    EXPECT_THAT(Edges(), ElementsAre("letters>write"));
}

TEST_F(Feed, LeavesOutTheBranchThatIsNotFed)
{
    Make(diamond, {"b"});
    EXPECT_THAT(Stages(), ElementsAre("letters", "b", "end"));
    EXPECT_THAT(Edges(), ElementsAre("letters>b", "b>end"));
}

TEST_F(Feed, OfSeveralStagesHasASourceForEachAndKeepsTheEdgesBetweenThem)
{
    Make(chain, {"decode", "write"});
    EXPECT_THAT(Stages(), ElementsAre("letters", "letters", "decode", "resize", "write"));
    EXPECT_THAT(Edges(), ElementsAre("letters>decode", "letters>write", "decode>resize", "resize>write"));
}

TEST_F(Feed, ThatWouldHaveTooManyStagesIsRefused)
{
    std::string line = "files.read path=/";
    std::vector<feed> feeds;
    for (int i = 0; i < PIPELINE_STAGES_MAX - 2; i++)
        line += " | text.upper :name=s" + std::to_string(i);
    Parsed whole = Parsed::line(line + " | files.write path=x", {"memory=1G"});
    ASSERT_TRUE(whole.ok()) << whole.report();
    for (uint32_t i = 1; i < 3; i++)
        feeds.push_back({&source_->stages[0], i, 0});
    EXPECT_EQ(pipeline_feed(whole.get(), feeds.data(), 2, &fed_), -E2BIG);
    EXPECT_EQ(fed_, nullptr);
    EXPECT_EQ(pipeline_feed(whole.get(), feeds.data(), 1, &fed_), 0);
}
