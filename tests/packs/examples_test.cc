// The example of every processor is a pipeline that a user can type: it runs as it stands, in an empty folder.

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "harness.h"
#include "temp_folder.h"

namespace
{

constexpr int finished_with_dead_letters = 3;

// micropipe's exit code; what it said is in <folder>/log.
int run_line(const harness::TempFolder &folder, const std::string &line)
{
    const pid_t child = fork();
    if (child == 0) {
        const int log = open((folder / "log").c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
        dup2(nothing, 0);
        dup2(log, 1);
        dup2(log, 2);
        if (chdir(folder.path().c_str()) == 0)
            execl(MICROPIPE_PROGRAM, "micropipe", "run", "--quiet", "--plugin-path", MICROPIPE_PACKS_DIR, "-e",
                  line.c_str(), static_cast<char *>(nullptr));
        _exit(127);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void run_examples(const std::string &pack)
{
    for (const mpipe_processor *p : harness::processors(pack)) {
        const harness::TempFolder folder;
        ASSERT_TRUE(p->example) << p->name;
        const int wanted = std::string(p->name) == "fail" ? finished_with_dead_letters : 0;
        EXPECT_EQ(run_line(folder, p->example), wanted) << p->example << "\n" << harness::read_file(folder / "log");
    }
}

TEST(Examples, OfCoreRun)
{
    run_examples("core");
}

TEST(Examples, OfTextRun)
{
    run_examples("text");
}

TEST(Examples, OfDebugRun)
{
    run_examples("debug");
}

} // namespace
