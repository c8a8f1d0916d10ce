// Where control sockets are: a folder of ours alone, or nowhere.
extern "C" {
#include "rendezvous.h"
}
#include "meeting_place.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>

#include "child.h"

namespace
{

class Rendezvous : public MeetingPlace
{
  protected:
    static int Make(std::string *where = nullptr, size_t size = 108)
    {
        char folder[200] = "";
        int error = rendezvous_make(folder, size);
        if (where)
            *where = folder;
        return error;
    }

    void Put(const std::string &name) const { std::ofstream(Folder() + "/" + name); }

    int Hold(const std::string &name) const { return rendezvous_hold(Folder().c_str(), name.c_str()); }
    bool IsThere(const std::string &name) const { return std::filesystem::exists(Folder() + "/" + name); }

    std::string List(size_t size = 200) const
    {
        std::string text(size, 'x');
        rendezvous_list(Folder().c_str(), text.data(), size);
        return text.c_str();
    }
};

} // namespace

TEST_F(Rendezvous, IsMadeForItsOwnerAloneAndFoundAgain)
{
    std::string where;
    struct stat s;
    ASSERT_EQ(Make(&where), 0);
    EXPECT_EQ(where, Folder());
    ASSERT_EQ(stat(where.c_str(), &s), 0);
    EXPECT_EQ(s.st_mode & 0777, 0700u);
    EXPECT_EQ(Make(), 0);
}

TEST_F(Rendezvous, WithoutARuntimeFolderIsTheUsersOwn)
{
    for (const char *runtime : {"", "not/absolute"}) {
        setenv("XDG_RUNTIME_DIR", runtime, 1);
        std::string user = "/tmp/micropipe-" + std::to_string(geteuid());
        char folder[108] = "";
        rendezvous_make(folder, sizeof folder);
        EXPECT_EQ(folder, geteuid() == 0 ? "/run/micropipe" : user);
    }
    if (geteuid() != 0)
        return;
    EXPECT_EQ(Child([] {
                  char folder[108] = "";
                  if (seteuid(65534) != 0)
                      return 2;
                  rendezvous_make(folder, sizeof folder);
                  rmdir("/tmp/micropipe-65534");
                  return std::string(folder) == "/tmp/micropipe-65534" ? 0 : 1;
              }).Wait(),
              0);
}

TEST_F(Rendezvous, ThatOthersMayWriteToIsRefused)
{
    ASSERT_EQ(Make(), 0);
    for (mode_t mode : {0770, 0702}) {
        chmod(Folder().c_str(), mode);
        EXPECT_EQ(Make(), -EPERM) << mode;
    }
    chmod(Folder().c_str(), 0755);
    EXPECT_EQ(Make(), 0) << "others may look";
}

TEST_F(Rendezvous, ThatIsNoFolderOrLeadsElsewhereIsRefused)
{
    std::ofstream(Folder()) << "a file";
    EXPECT_EQ(Make(), -EPERM);
    std::filesystem::remove(Folder());
    std::filesystem::create_directory(runtime_ + "/elsewhere");
    std::filesystem::create_symlink("elsewhere", Folder());
    EXPECT_EQ(Make(), -EPERM);
}

TEST_F(Rendezvous, OfAnotherUserIsRefused)
{
    if (geteuid() != 0)
        GTEST_SKIP() << "only root can give a folder away";
    ASSERT_EQ(Make(), 0);
    ASSERT_EQ(chown(Folder().c_str(), 65534, 65534), 0);
    EXPECT_EQ(Make(), -EPERM);
}

TEST_F(Rendezvous, ThatCannotBeMadeIsAnError)
{
    setenv("XDG_RUNTIME_DIR", (runtime_ + "/not/there").c_str(), 1);
    EXPECT_EQ(Make(), -ENOENT);
    EXPECT_EQ(Make(nullptr, 10), -ENAMETOOLONG);
}

TEST_F(Rendezvous, AnAddressThatIsTooLongIsAnErrorAndNotCut)
{
    sockaddr_un address;
    EXPECT_EQ(rendezvous_address("/run", "pipe", &address), 0);
    EXPECT_STREQ(address.sun_path, "/run/pipe.sock");
    EXPECT_EQ(rendezvous_address("/run", std::string(200, 'n').c_str(), &address), -ENAMETOOLONG);
}

TEST_F(Rendezvous, ListsTheNamesThatAreHeldSortedAndNothingElse)
{
    EXPECT_EQ(List(), "") << "the folder is not there";
    ASSERT_EQ(Make(), 0);
    EXPECT_EQ(List(), "");
    const int b = Hold("b"), a = Hold("a");
    for (const char *name : {"dead.lock", "dead.sock", "c.sock", ".lock", "lock"})
        Put(name);
    EXPECT_EQ(List(), "a b");
    const int c = Hold("c");
    EXPECT_EQ(List(4), "a b") << "no more than there is room for";
    for (int lock : {a, b, c})
        close(lock);
    EXPECT_EQ(List(), "");
}

TEST_F(Rendezvous, ANameIsHeldOnceAndFreeAgainWithItsHolder)
{
    ASSERT_EQ(Make(), 0);
    const int lock = Hold("pipe");
    ASSERT_GE(lock, 0);
    EXPECT_EQ(Hold("pipe"), -1);
    EXPECT_EQ(errno, EWOULDBLOCK);
    rendezvous_release(Folder().c_str(), "pipe", lock);
    EXPECT_FALSE(IsThere("pipe.lock"));
    const int again = Hold("pipe");
    EXPECT_GE(again, 0);
    close(again);
}

TEST_F(Rendezvous, WhatTheDeadLeftIsRemovedAndNothingOfTheLiving)
{
    ASSERT_EQ(Make(), 0);
    const int lock = Hold("alive");
    for (const char *name : {"alive.sock", "alive.token", "dead.lock", "dead.sock", "dead.token", "other"})
        Put(name);
    rendezvous_clear(Folder().c_str());
    for (const char *name : {"alive.lock", "alive.sock", "alive.token", "other"})
        EXPECT_TRUE(IsThere(name)) << name;
    for (const char *name : {"dead.lock", "dead.sock", "dead.token"})
        EXPECT_FALSE(IsThere(name)) << name;
    close(lock);
}
