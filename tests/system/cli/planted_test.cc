// What is slow, and why: in five pipelines one stage is slow on purpose, each for another reason. What a user looks at
// names that one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "operated.h"

namespace
{

struct Pipeline {
    const char *name, *line;
};

// The rings are short, so that they are soon drained.
constexpr Pipeline kPlanted[] = {
    {"cpu", "core.generate size=16 | debug.work :name=before :workers=1 :queue=16 | debug.work cpu=2ms :name=planted "
            ":workers=1 :queue=16 | core.null"},
    {"sleep", "core.generate size=16 | debug.work wait=2ms :name=planted :workers=1 :queue=16 | debug.work :name=after "
              ":workers=1 | core.null"},
    {"sink", "core.generate size=16 | debug.work :name=before :workers=1 :queue=16 | lab.sink delay=2ms :name=planted "
             ":queue=16"},
    {"source", "core.generate size=16 rate=200 :name=planted | debug.work :name=after :workers=1 | core.null"},
    {"lock", "core.generate size=16 | debug.work wait=1ms lock=lock :name=planted :workers=4 :queue=16 | debug.work "
             ":name=after :workers=1 | core.null"},
};

class Planted : public Operated
{
  protected:
    std::unique_ptr<Running> Run(const Pipeline &p) const
    {
        std::string line = p.line;
        if (const size_t at = line.find("lock=lock"); at != std::string::npos)
            line.replace(at, 9, "lock=" + (folder_.path() / "lock").string());
        auto run = std::make_unique<Running>(std::vector<std::string>{"run", "--plugin-path", TEST_PACKS, "--set",
                                                                      std::string("name=") + p.name, "--set",
                                                                      "drain_timeout=50s", "-e", line});
        run->WaitFor("info micropipe: memory");
        return run;
    }
};

TEST_F(Planted, TheSlowStageIsNamedByTopAndAtTheEndOfTheRun)
{
    folder_.write("lock", "");
    std::vector<std::unique_ptr<Running>> runs;
    for (const Pipeline &p : kPlanted)
        runs.push_back(Run(p));
    for (const Pipeline &p : kPlanted) {
        const std::string name = p.name;
        Outcome o;
        for (int i = 0; i < 100; i++) /* until its workers have begun */
            if ((o = folder_.run("micropipe top " + name + " --once --interval 0.2")).output.find(" *") !=
                std::string::npos)
                break;
        EXPECT_THAT(o.output, testing::HasSubstr("bottleneck: planted (")) << name;
        EXPECT_THAT(o.output, testing::HasSubstr("\n *planted ")) << name;
        EXPECT_THAT(folder_.run("micropipe status " + name + " --json").output,
                    testing::HasSubstr("\"bottleneck\": \"planted\""))
            << name << ": what the web page shows, too";
        EXPECT_EQ(Ask(name + " drain").status, 0);
    }
    for (auto &run : runs) {
        run->WaitFor("\nbottleneck: planted (");
        EXPECT_EQ(run->Wait(), 0);
    }
}

} // namespace
