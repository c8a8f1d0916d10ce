// Addresses to listen at: in numbers, with a port.
extern "C" {
#include "endpoint.h"
}

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <string>

namespace
{

int Parse(const std::string &text, endpoint *out, std::string *why = nullptr)
{
    const char *reason = "";
    int error = endpoint_parse(text.c_str(), out, &reason);
    if (why)
        *why = reason;
    return error;
}

} // namespace

TEST(Endpoint, IsAnAddressInNumbersAndAPort)
{
    endpoint e;
    ASSERT_EQ(Parse("10.1.2.3:9464", &e), 0);
    EXPECT_EQ(e.any.sa_family, AF_INET);
    EXPECT_EQ(ntohl(e.v4.sin_addr.s_addr), 0x0a010203u);
    EXPECT_EQ(ntohs(e.v4.sin_port), 9464);
    EXPECT_EQ(endpoint_size(&e), sizeof(sockaddr_in));
    ASSERT_EQ(Parse("[::1]:65535", &e), 0);
    EXPECT_EQ(e.any.sa_family, AF_INET6);
    EXPECT_EQ(ntohs(e.v6.sin6_port), 65535);
    EXPECT_EQ(endpoint_size(&e), sizeof(sockaddr_in6));
    ASSERT_EQ(Parse("localhost:0", &e), 0);
    EXPECT_EQ(ntohl(e.v4.sin_addr.s_addr), INADDR_LOOPBACK);
    EXPECT_EQ(e.v4.sin_port, 0);
}

TEST(Endpoint, OfThisMachineAloneIsLoopback)
{
    endpoint e;
    for (const char *text : {"127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "localhost:1"}) {
        ASSERT_EQ(Parse(text, &e), 0) << text;
        EXPECT_TRUE(endpoint_is_loopback(&e)) << text;
    }
    for (const char *text : {"0.0.0.0:1", "10.0.0.1:1", "[::]:1", "[fe80::1]:1"}) {
        ASSERT_EQ(Parse(text, &e), 0) << text;
        EXPECT_FALSE(endpoint_is_loopback(&e)) << text;
    }
}

TEST(Endpoint, ThatIsNoneSaysWhatIsMissing)
{
    endpoint e;
    std::string why;
    EXPECT_EQ(Parse("127.0.0.1", &e, &why), -EINVAL);
    EXPECT_EQ(why, ": which port?");
    for (const char *text : {"127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:000080", ":"}) {
        EXPECT_EQ(Parse(text, &e, &why), -EINVAL) << text;
        EXPECT_EQ(why, ": a port is a number from 0 to 65535") << text;
    }
    for (const char *text : {":80", "example.org:80", "[]:80", "[::1:80", "::1:80", "[127.0.0.1]:80", "[localhost]:80",
                             "[:80", "1.2.3:80", " 127.0.0.1:80"}) {
        EXPECT_EQ(Parse(text, &e, &why), -EINVAL) << text;
        EXPECT_EQ(why, ": the address is none in numbers, and names are not looked up") << text;
    }
    EXPECT_EQ(Parse(std::string(200, '1') + ":80", &e), -EINVAL);
}
