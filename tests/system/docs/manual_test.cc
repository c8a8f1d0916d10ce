// The manual pages are sound roff. What they say is compared with the tables in the tests of host/cli and
// host/pipeline.
#include <gtest/gtest.h>

#include "shell.h"

namespace fs = std::filesystem;

TEST(Manual, EveryPageIsSoundRoff)
{
    const Folder folder;
    if (folder.run("command -v man").status != 0)
        GTEST_SKIP() << "no man here";
    for (const auto &page : fs::directory_iterator(SOURCE_DIR "/docs/man")) {
        const Outcome outcome = folder.run("man --warnings -l '" + page.path().string() + "' >/dev/null");
        EXPECT_EQ(outcome.status, 0) << page.path();
        EXPECT_EQ(outcome.output, "") << page.path();
    }
}
