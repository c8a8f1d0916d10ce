// Limits and words of a sandbox.
#include "confined.h"

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <string>

namespace
{

std::string Described(sandbox_level level, int filter, int landlock, const char *writable = nullptr)
{
    sandbox s = {level, writable, -1, filter, landlock};
    char text[256];
    sandbox_describe(&s, text, sizeof text);
    return text;
}

rlimit FilesIn(sandbox_level level, rlimit before)
{
    rlimit after = {};
    sandbox s = {};
    s.level = level;
    int result = Child([&] {
                     setrlimit(RLIMIT_NOFILE, &before);
                     sandbox_enter(&s, SANDBOX_UNSEEN);
                     getrlimit(RLIMIT_NOFILE, &after);
                     return static_cast<int>(after.rlim_cur / 16);
                 }).Wait();
    after.rlim_cur = static_cast<rlim_t>(result) * 16;
    return after;
}

} // namespace

TEST(Sandbox, SaysWhatIsInForce)
{
    EXPECT_EQ(Described(SANDBOX_NONE, 0, 0), "none: the plugin may do whatever the user may");
    EXPECT_EQ(Described(SANDBOX_IO, 0, 7), "io: system calls filtered, Landlock ABI 7");
    EXPECT_EQ(Described(SANDBOX_STRICT, 0, 0), "strict: system calls filtered, no Landlock");
    EXPECT_EQ(Described(SANDBOX_IO, -ENOMEM, 6),
              "io: system calls NOT filtered (Cannot allocate memory), Landlock ABI 6");
}

TEST(Sandbox, SaysThatFilesCanBeWrittenWhereOnlyLandlockKeptThemAndThereIsNone)
{
    EXPECT_EQ(Described(SANDBOX_STRICT, 0, 0, "dead"),
              "strict: system calls filtered, no Landlock: files can be written");
    EXPECT_EQ(Described(SANDBOX_STRICT, 0, 4, "dead"), "strict: system calls filtered, Landlock ABI 4");
    EXPECT_EQ(Described(SANDBOX_IO, 0, 0, "dead"), "io: system calls filtered, no Landlock");
}

TEST(Sandbox, OfNoneConfinesNothing)
{
    sandbox s = {};
    s.level = SANDBOX_NONE;
    EXPECT_EQ(Confined(s,
                       [&] {
                           sandbox_narrow(&s);
                           return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) + prctl(PR_GET_SECCOMP);
                       }),
              0);
}

TEST(Sandbox, GivesNoPrivilegesBack)
{
    sandbox s = {};
    s.level = SANDBOX_IO;
    EXPECT_EQ(Confined(s,
                       [&] {
                           sandbox_narrow(&s);
                           return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
                       }),
              1);
}

TEST(Sandbox, LimitsOpenFilesAndRaisesNoLimit)
{
    EXPECT_EQ(FilesIn(SANDBOX_IO, {2048, 2048}).rlim_cur, 1024u);
    EXPECT_EQ(FilesIn(SANDBOX_IO, {512, 2048}).rlim_cur, 512u) << "the soft limit was lower";
    EXPECT_EQ(FilesIn(SANDBOX_IO, {256, 256}).rlim_cur, 256u);
    EXPECT_EQ(FilesIn(SANDBOX_NONE, {2048, 2048}).rlim_cur, 2048u);
}
