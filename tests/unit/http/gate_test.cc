// Who may ask what: Host, Origin and the token.
extern "C" {
#include "gate.h"
}

#include <gtest/gtest.h>

#include <string>

TEST(Gate, TakesAddressesInNumbersLocalhostAndTheMachinesName)
{
    for (const char *host : {"127.0.0.1:9464", "127.0.0.1", "192.168.1.20:80", "[::1]:9464", "[::1]", "localhost",
                             "LocalHost:9464", "box", "BOX:9464"})
        EXPECT_TRUE(gate_host_is_ours(host, "box")) << host;
}

TEST(Gate, RefusesEveryOtherName)
{
    EXPECT_FALSE(gate_host_is_ours(nullptr, "box"));
    for (const char *host :
         {"", ":", ":80", "evil.example", "evil.example:9464", "127.0.0.1.evil.example", "localhost.evil", "box.evil",
          "[::1", "[]", "[localhost]:80", "[::1]x", "127.0.0.1:80x", "127.0.0.1:80@evil", "1.2.3"})
        EXPECT_FALSE(gate_host_is_ours(host, "box")) << host;
    EXPECT_FALSE(gate_host_is_ours(std::string(300, 'a').c_str(), "box"));
    EXPECT_FALSE(gate_host_is_ours("", "")) << "a machine without a name";
}

TEST(Gate, TakesAnOriginThatIsTheHostAndNoOther)
{
    EXPECT_TRUE(gate_origin_is_ours(nullptr, "127.0.0.1:9464")) << "no browser";
    EXPECT_TRUE(gate_origin_is_ours("http://127.0.0.1:9464", "127.0.0.1:9464"));
    EXPECT_TRUE(gate_origin_is_ours("https://box", "box"));
    for (const char *origin : {"null", "", "http://", "http://evil.example", "http://127.0.0.1:8080",
                               "http://127.0.0.1:9464.evil", "127.0.0.1:9464", "ftp://127.0.0.1:9464"})
        EXPECT_FALSE(gate_origin_is_ours(origin, "127.0.0.1:9464")) << origin;
    EXPECT_FALSE(gate_origin_is_ours("http://x", nullptr));
}

TEST(Gate, KnowsTheTokenFromEverythingElse)
{
    const char *token = "0123456789abcdef";
    EXPECT_TRUE(gate_knows_token("Bearer 0123456789abcdef", token));
    EXPECT_TRUE(gate_knows_token("bearer 0123456789abcdef", token)) << "the scheme has no case";
    EXPECT_FALSE(gate_knows_token(nullptr, token));
    for (const char *other : {"", "Bearer", "Bearer ", "0123456789abcdef", "Basic 0123456789abcdef",
                              "Bearer 0123456789abcde", "Bearer 0123456789abcdeF", "Bearer 0123456789abcdef0",
                              "Bearer 0123456789abcdef0123456789abcdef", "Bearer  0123456789abcdef"})
        EXPECT_FALSE(gate_knows_token(other, token)) << other;
    EXPECT_FALSE(gate_knows_token("Bearer ", "")) << "no token is known to nobody";
}
