// Which folders packs are looked for in, and what in them may be one.
extern "C" {
#include "search_path.h"
}

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace
{

using testing::Contains;
using testing::ElementsAre;
using testing::Not;

class SearchPath : public testing::Test
{
  protected:
    SearchPath()
    {
        char name[] = "/tmp/micropipe-path-XXXXXX";
        EXPECT_NE(mkdtemp(name), nullptr);
        root_ = std::filesystem::canonical(name);
        const char *home = getenv("HOME");
        home_ = home ? home : "";
        unsetenv("MICROPIPE_PLUGIN_PATH");
        setenv("XDG_DATA_HOME", "/nonexistent", 1);
    }
    ~SearchPath() override
    {
        search_path_clear(&path_);
        std::filesystem::remove_all(root_);
        unsetenv("XDG_DATA_HOME");
        setenv("HOME", home_.c_str(), 1);
    }

    std::string Folder(const std::string &name)
    {
        std::filesystem::create_directories(root_ + "/" + name);
        return root_ + "/" + name;
    }

    void File(const std::string &name) { std::ofstream(root_ + "/" + name) << "x"; }

    std::vector<std::string> Folders(const std::string &first)
    {
        search_path_clear(&path_);
        EXPECT_EQ(search_path_init(first.c_str(), &path_), 0);
        return std::vector<std::string>(path_.folders, path_.folders + path_.n);
    }

    std::string Find(const std::string &name)
    {
        char *file = nullptr;
        int error = search_path_find(&path_, name.c_str(), &file);
        std::string found = error ? std::to_string(error) : file;
        free(file);
        return found;
    }

    std::string root_, home_;
    search_path path_ = {};
};

} // namespace

TEST_F(SearchPath, HasEachFolderOnceInTheOrderGiven)
{
    std::string a = Folder("a"), b = Folder("b");
    setenv("MICROPIPE_PLUGIN_PATH", (b + ":" + a).c_str(), 1);
    std::vector<std::string> folders = Folders(a + ":" + b + "/../a");
    unsetenv("MICROPIPE_PLUGIN_PATH");
    ASSERT_GE(folders.size(), 2u);
    EXPECT_EQ(folders[0], a);
    EXPECT_EQ(folders[1], b);
    EXPECT_EQ(std::count(folders.begin(), folders.end(), a), 1);
    EXPECT_EQ(path_.n_missing, 0u);
}

TEST_F(SearchPath, AnEmptyNameIsTheFolderThatWeAreIn)
{
    std::string a = Folder("a");
    EXPECT_EQ(Folders(":" + a)[0], std::filesystem::current_path().string());
    EXPECT_EQ(path_.folders[1], a);
}

TEST_F(SearchPath, RemembersThoseThatCannotBeLookedInAndWhyAndGoesOn)
{
    std::string a = Folder("a"), b = Folder("b");
    File("file");
    const std::string named[] = {root_ + "/file", root_ + "/none", std::string(5000, 'n'), "gone"};
    const int errors[] = {ENOTDIR, ENOENT, ENAMETOOLONG, ENOENT};
    setenv("MICROPIPE_PLUGIN_PATH", named[3].c_str(), 1);
    std::vector<std::string> folders = Folders(named[0] + ":" + a + ":" + named[1] + ":" + named[2] + ":" + b);
    unsetenv("MICROPIPE_PLUGIN_PATH");
    EXPECT_EQ(folders[0], a);
    EXPECT_EQ(folders[1], b);
    ASSERT_EQ(path_.n_missing, 4u);
    for (size_t i = 0; i < 4; i++) {
        EXPECT_EQ(named[i].find(path_.missing[i].name), 0u) << "as it was named, or the start of it";
        EXPECT_EQ(path_.missing[i].error, errors[i]) << i;
    }
}

TEST_F(SearchPath, HasTheUsersFolder)
{
    std::string data = Folder("data/micropipe/packs"), home = Folder("home/.local/share/micropipe/packs");
    setenv("HOME", (root_ + "/home").c_str(), 1);
    setenv("XDG_DATA_HOME", (root_ + "/data").c_str(), 1);
    EXPECT_THAT(Folders(""), Contains(data));
    EXPECT_THAT(Folders(""), Not(Contains(home)));
    for (const char *not_absolute : {"data", ""}) {
        setenv("XDG_DATA_HOME", not_absolute, 1);
        EXPECT_THAT(Folders(""), Contains(home)) << not_absolute;
    }
    unsetenv("XDG_DATA_HOME");
    EXPECT_THAT(Folders(""), Contains(home));
    for (const std::string &no_home : {std::string(), std::string(5000, 'h')}) {
        setenv("HOME", no_home.c_str(), 1);
        EXPECT_THAT(Folders(""), Not(Contains(home)));
    }
    unsetenv("HOME");
    EXPECT_THAT(Folders(""), Not(Contains(home)));
}

TEST_F(SearchPath, FindsAFolderOfThatNameBeforeAFile)
{
    std::string a = Folder("a");
    Folder("a/pack");
    File("a/pack.so");
    Folders(a);
    EXPECT_EQ(Find("pack"), a + "/pack.so");
    File("a/pack/pack.so");
    EXPECT_EQ(Find("pack"), a + "/pack/pack.so");
}

TEST_F(SearchPath, FindsNothingThatIsNoFile)
{
    Folder("a/pack.so");
    Folder("a/other/other.so");
    Folders(root_ + "/a");
    EXPECT_EQ(Find("pack"), std::to_string(-ENOENT));
    EXPECT_EQ(Find("other"), std::to_string(-ENOENT));
    EXPECT_EQ(Find(std::string(5000, 'n')), std::to_string(-ENOENT));
}

TEST_F(SearchPath, VisitsWhatMayBeAPluginSortedByName)
{
    for (const char *folder : {"a/folder", "a/empty", "a/not.so", "a/.hidden"})
        Folder(folder);
    for (const char *file :
         {"a/z.so", "a/b.so", "a/folder/folder.so", "a/.hidden/.hidden.so", "a/.so", "a/x", "a/text.txt"})
        File(file);
    Folders(root_ + "/a");
    size_t all = path_.n;
    path_.n = 1; // not what this machine has
    std::vector<std::string> seen;
    auto see = [](void *context, const char *, const char *name) {
        static_cast<std::vector<std::string> *>(context)->push_back(name);
    };
    EXPECT_EQ(search_path_each(&path_, see, &seen), 0);
    path_.n = all;
    EXPECT_THAT(seen, ElementsAre("b", "folder", "z"));
}
