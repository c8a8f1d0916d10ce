// micropipe graph: a configuration, or a running pipeline, as a picture.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "child.h"
#include "shell.h"

namespace
{

using testing::HasSubstr;
using testing::StartsWith;

// Both ways lead to one sink, and one of them may lose frames.
const char kDiamond[] = R"(name = "diamond";
stages = (
  { name = "make"; processor = "core.generate"; options = { count = 10; }; },
  { name = "all"; processor = "core.take"; options = { count = 5; }; inputs = ["make"]; },
  { name = "some"; processor = "core.batch"; options = { size = 2; }; inputs = ({ from = "make"; when_full = "drop"; }); },
  { name = "end"; processor = "core.null"; inputs = ["all", "some"]; }
);
)";

class Graph : public testing::Test
{
  protected:
    Graph() { folder_.write("diamond.cfg", kDiamond); }
    Outcome Run(const std::string &command) { return folder_.run(command); }
    Folder folder_;
};

} // namespace

TEST_F(Graph, OfAFileIsDrawnForTheTerminal)
{
    const Outcome o = Run("LC_ALL=C.UTF-8 micropipe graph diamond.cfg");
    EXPECT_EQ(o.status, 0);
    EXPECT_EQ("\n" + o.output, R"(
       ┌───────────────┐
       │ make          │
       │ core.generate │
       └───────┬───────┘
      ┌────────┴───────┐
      │                ┆
      ▼                ▼ drop
┌───────────┐   ┌─────────────┐
│ all       │   │ some        │
│ core.take │   │ core.batch  │
└─────┬─────┘   └──────┬──────┘
      └─────┐   ┌──────┘
            ▼   ▼
        ┌───────────┐
        │ end       │
        │ core.null │
        └───────────┘
)");
}

TEST_F(Graph, InALocaleWithoutUtf8IsPlainAscii)
{
    const Outcome o = Run("LC_ALL=C micropipe graph -e 'core.generate | core.null'");
    EXPECT_EQ("\n" + o.output, R"(
+---------------+
| generate      |
| core.generate |
+-------+-------+
        v
  +-----------+
  | null      |
  | core.null |
  +-----------+
)");
}

TEST_F(Graph, CanBeForGraphvizOrMermaid)
{
    const Outcome dot = Run("micropipe graph --format dot diamond.cfg");
    EXPECT_THAT(dot.output, StartsWith("digraph \"diamond\" {\n"));
    EXPECT_THAT(dot.output, HasSubstr("s0 -> s2 [color=\"black\", label=\" drop\", style=dashed];\n"));
    const Outcome mermaid = Run("micropipe graph --format=mermaid diamond.cfg");
    EXPECT_THAT(mermaid.output, StartsWith("flowchart TB\n  s0[\"make<br/>core.generate\"]\n"));
    EXPECT_THAT(mermaid.output, HasSubstr("s0 -.->|\"drop\"| s2\n"));
}

TEST_F(Graph, AsSvgIsWhatGraphvizMakesOfIt)
{
    folder_.write("bin/dot", "#!/bin/sh\n[ \"$*\" = -Tsvg ] && echo '<svg>' && exec /bin/cat\n");
    const Outcome o = Run("chmod +x bin/dot && micropipe graph --format dot diamond.cfg >text && "
                          "{ echo '<svg>'; cat text; } >wanted && PATH=\"$PWD/bin:$PATH\" micropipe graph --format svg "
                          "diamond.cfg >got && cmp wanted got");
    EXPECT_EQ(o.status, 0) << o.output;
}

TEST_F(Graph, AsSvgIsTheTextForGraphvizWhereThatIsMissingOrFails)
{
    folder_.write("bin/dot", "#!/bin/sh\nexit 3\n");
    Run("mkdir -p nothing; chmod +x bin/dot; ln -s \"$(command -v micropipe)\" nothing/micropipe");
    const Outcome missing = Run("PATH=\"$PWD/nothing\" micropipe graph --format svg diamond.cfg 2>said");
    EXPECT_EQ(missing.status, 0);
    EXPECT_THAT(missing.output, StartsWith("digraph \"diamond\" {\n"));
    EXPECT_THAT(folder_.read("said"), HasSubstr("an SVG needs Graphviz, which is not installed"));
    const Outcome fails = Run("PATH=\"$PWD/bin:$PATH\" micropipe graph --format svg diamond.cfg 2>said");
    EXPECT_THAT(fails.output, StartsWith("digraph \"diamond\" {\n"));
    EXPECT_THAT(folder_.read("said"), HasSubstr("Graphviz's dot failed"));
}

TEST_F(Graph, OfAFileWithMistakesIsNoneAndTellsThem)
{
    folder_.write("wrong.cfg", "stages = ( { processor = \"core.nul\"; } );\n");
    const Outcome o = Run("micropipe graph wrong.cfg");
    EXPECT_EQ(o.status, 2);
    EXPECT_THAT(o.output, HasSubstr("(did you mean"));
}

TEST_F(Graph, OfWhatIsNeitherAFileNorAPipelineSaysSo)
{
    const Outcome o = Run("mkdir nobody; micropipe graph nobody");
    EXPECT_EQ(o.status, 1);
    EXPECT_THAT(o.output,
                StartsWith("micropipe graph: there is no file 'nobody', and no pipeline named 'nobody' runs here"));
    EXPECT_EQ(Run("micropipe graph").status, 2);
    EXPECT_EQ(Run("micropipe graph --live -e 'core.generate | core.null'").status, 2);
    EXPECT_THAT(Run("micropipe graph --format sgv diamond.cfg").output, HasSubstr("(did you mean 'svg'?)"));
}

TEST_F(Graph, OfARunningPipelineIsWhatItIsAndLiveWhatItDoes)
{
    setenv("XDG_RUNTIME_DIR", folder_.path().c_str(), 1);
    Running run({"run", "--set", "name=pipe", "--set", "drain_timeout=50s", "-e",
                 "core.generate size=16 | debug.work wait=1ms :workers=2 | core.null"});
    run.WaitFor("info micropipe: memory");
    const Outcome still = Run("LC_ALL=C.UTF-8 micropipe graph pipe");
    EXPECT_EQ(still.status, 0);
    EXPECT_EQ(still.output, Run("LC_ALL=C.UTF-8 micropipe graph -e 'core.generate | debug.work | core.null'").output);
    std::string live;
    for (int i = 0; i < 2000 && live.find("(the bottleneck)") == std::string::npos; i++)
        live = Run("LC_ALL=C.UTF-8 micropipe graph --live pipe").output;
    EXPECT_THAT(live, HasSubstr("work  (the bottleneck)"));
    EXPECT_THAT(live, HasSubstr("2 workers, "));
    EXPECT_THAT(live, HasSubstr("ring "));
    EXPECT_THAT(live, HasSubstr("╔"));
    run.Signal(SIGKILL);
    unsetenv("XDG_RUNTIME_DIR");
}
