// Opening the server, where it can be and where it cannot. Nothing is asked of it here: tests/system/http does that.
extern "C" {
#include "http.h"
#include "web_page.h"
}
#include "../../support/heard_log.h"
#include "meeting_place.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/resource.h>

namespace
{

using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;

class Opening : public MeetingPlace
{
  protected:
    // What it says: in the log, or why not.
    std::string Open(const std::string &at, bool *opened = nullptr)
    {
        std::string where = at;
        char why[256] = "";
        pipeline p = {};
        p.http = where.data();
        struct http *h = http_open(&p, "pipe", log_.get(), why, sizeof why);
        if (opened)
            *opened = h;
        if (!h)
            return why;
        EXPECT_GE(http_fd(h), 0);
        http_close(h);
        EXPECT_FALSE(std::filesystem::exists(Folder() + "/pipe.token"));
        return log_.Lines();
    }

    HeardLog log_;
};

} // namespace

TEST_F(Opening, SaysWhereItListensAndWithWhichToken)
{
    EXPECT_THAT(Open("127.0.0.1:0"), testing::ContainsRegex("http://127\\.0\\.0\\.1:[1-9][0-9]*/#token=[0-9a-f]+"));
    EXPECT_THAT(Open("127.0.0.1:0"), Not(HasSubstr("can be reached from other machines")));
    EXPECT_THAT(Open("0.0.0.0:0"), HasSubstr("can be reached from other machines"));
    http_close(nullptr);
}

TEST_F(Opening, OfAnAddressOfIpv6HasBrackets)
{
    bool opened = false;
    std::string said = Open("[::1]:0", &opened);
    if (!opened)
        GTEST_SKIP() << said;
    EXPECT_THAT(said, testing::ContainsRegex("http://\\[::1\\]:[1-9][0-9]*/"));
}

TEST_F(Opening, WhereItCannotListenSaysWhy)
{
    EXPECT_EQ(Open("nowhere"), "cannot serve HTTP at nowhere: Invalid argument");
    EXPECT_EQ(Open("192.0.2.1:1"), "cannot serve HTTP at 192.0.2.1:1: Cannot assign requested address");
}

TEST_F(Opening, WithTooFewDescriptorsSaysSo)
{
    rlimit limit;
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
    int next = dup(0);
    close(next);
    bool opened = false;
    for (rlim_t most = static_cast<rlim_t>(next); !opened && most < static_cast<rlim_t>(next) + 20; most++) {
        rlimit few = {most, limit.rlim_max};
        setrlimit(RLIMIT_NOFILE, &few);
        std::string said = Open("127.0.0.1:0", &opened);
        setrlimit(RLIMIT_NOFILE, &limit);
        EXPECT_THAT(said,
                    AnyOf(HasSubstr("Too many open files"), HasSubstr("Cannot allocate memory"), HasSubstr("#token=")))
            << most;
    }
    EXPECT_TRUE(opened);
    int after = dup(0);
    close(after);
    EXPECT_EQ(after, next) << "none is left open";
}

TEST(WebPage, HasItsNonceAndNoneTwice)
{
    char nonce[WEB_PAGE_NONCE], other[WEB_PAGE_NONCE];
    std::unique_ptr<char, void (*)(void *)> page(web_page_make(nonce), std::free);
    ASSERT_NE(page, nullptr);
    EXPECT_THAT(page.get(), HasSubstr(std::string("<script nonce=\"") + nonce + "\">"));
    EXPECT_THAT(page.get(), Not(HasSubstr("@NONCE@")));
    std::free(web_page_make(other));
    EXPECT_STRNE(nonce, other);
}
