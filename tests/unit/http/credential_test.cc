// The token, and the file that tells it to the owner.
extern "C" {
#include "credential.h"
}
#include "meeting_place.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <fstream>

namespace
{

class Credential : public MeetingPlace
{
  protected:
    static std::string Text(const std::string &path)
    {
        std::string line;
        std::ifstream in(path);
        std::getline(in, line);
        return line;
    }
    credential c_ = {};
};

} // namespace

TEST_F(Credential, IsRandomAndLong)
{
    ASSERT_EQ(credential_make(&c_, nullptr, nullptr), 0);
    std::string first = c_.token;
    EXPECT_EQ(first.size(), 48u);
    EXPECT_EQ(first.find_first_not_of("0123456789abcdef"), std::string::npos);
    ASSERT_EQ(credential_make(&c_, nullptr, nullptr), 0);
    EXPECT_NE(first, c_.token);
    EXPECT_STREQ(c_.path, "");
}

TEST_F(Credential, IsInAFileForItsOwnerAloneThatGoesWithIt)
{
    struct stat s;
    ASSERT_EQ(credential_make(&c_, nullptr, "pipe"), 0);
    std::string file = Folder() + "/pipe.token";
    EXPECT_EQ(c_.path, file);
    ASSERT_EQ(stat(file.c_str(), &s), 0);
    EXPECT_EQ(s.st_mode & 0777, 0600u);
    EXPECT_EQ(Text(file), c_.token);
    credential_forget(&c_);
    EXPECT_NE(stat(file.c_str(), &s), 0);
    credential_forget(&c_);
}

TEST_F(Credential, TakesTheOneThatIsGiven)
{
    ASSERT_EQ(credential_make(&c_, "0123456789abcdef", "pipe"), 0);
    EXPECT_STREQ(c_.token, "0123456789abcdef");
    EXPECT_EQ(Text(c_.path), "0123456789abcdef");
}

TEST_F(Credential, OfADeadPipelineIsReplacedAndALinkIsNotFollowed)
{
    struct stat s;
    mkdir(Folder().c_str(), 0700);
    std::ofstream(runtime_ + "/elsewhere") << "kept\n";
    ASSERT_EQ(symlink((runtime_ + "/elsewhere").c_str(), (Folder() + "/pipe.token").c_str()), 0);
    ASSERT_EQ(credential_make(&c_, nullptr, "pipe"), 0);
    EXPECT_EQ(Text(runtime_ + "/elsewhere"), "kept");
    ASSERT_EQ(lstat(c_.path, &s), 0);
    EXPECT_TRUE(S_ISREG(s.st_mode));
}

TEST_F(Credential, WithoutAFolderOfOursIsInNoFile)
{
    mkdir(Folder().c_str(), 0700);
    chmod(Folder().c_str(), 0777);
    ASSERT_EQ(credential_make(&c_, nullptr, "pipe"), 0);
    EXPECT_STREQ(c_.path, "");
    chmod(Folder().c_str(), 0700);
    ASSERT_EQ(credential_make(&c_, nullptr, std::string(200, 'n').c_str()), 0);
    EXPECT_STREQ(c_.path, "");
}
