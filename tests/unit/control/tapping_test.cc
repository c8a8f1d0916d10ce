// Whom the samples of a tap go to, how much of them, and what comes of a worker that writes nonsense into its tap. The
// test plays the workers, and the socket.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow" // in C, a function may be named as a struct is
extern "C" {
#include "attributes.h"
#include "tapping.h"
}
#pragma GCC diagnostic pop
#include "limit.h"
#include "played_run.h"

#include <gmock/gmock.h>
#include <jansson.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

namespace
{

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

enum { CLIENTS = 4 };

class Tapping : public testing::Test
{
  protected:
    ~Tapping() override { tapping_destroy(&tapping_); }

    // What is wrong with the request; "" if nothing is.
    std::string Begin(const std::string &request, uint32_t client = 0)
    {
        json_t *parsed = json_loads(request.c_str(), 0, nullptr),
               *answer = tapping_begin(tapping_, run_.get(), client, parsed);
        const json_t *ok = json_object_get(answer, "ok");
        const char *error = json_string_value(json_object_get(answer, "error"));
        std::string why = json_is_true(ok) ? "" : error ? error : "no reason";
        json_decref(parsed);
        json_decref(answer);
        return why;
    }

    void Tick()
    {
        auto send = [](void *context, uint32_t client, const tapping_line *line) {
            return static_cast<Tapping *>(context)->Take(client, line);
        };
        tapping_tick(tapping_, run_.get(), send, this);
    }

    // A record of an attribute.
    static std::string Attribute(const std::string &name, const std::string &value)
    {
        attribute a = {name.c_str(), reinterpret_cast<const uint8_t *>(value.data()),
                       static_cast<uint32_t>(value.size())};
        std::string record(attributes_record_size(a.name, a.size), '\0');
        attributes_replace(reinterpret_cast<uint8_t *>(&record[0]), nullptr, 0, &a);
        return record;
    }

    json_int_t Figure(uint32_t client, const char *key) const
    {
        return json_integer_value(json_object_get(Last(client), key));
    }
    std::string Text(uint32_t client, const char *key) const
    {
        const char *text = json_string_value(json_object_get(Last(client), key));
        return text ? text : "";
    }
    const json_t *Last(uint32_t client) const
    {
        return got_[client].empty() ? nullptr : json_object_get(got_[client].back().get(), "frame");
    }

    using Json = std::unique_ptr<json_t, void (*)(json_t *)>;
    std::vector<Json> got_[CLIENTS];
    std::vector<std::string> payloads_[CLIENTS]; // that came in descriptors
    tapping_sent next_[CLIENTS] = {TAPPING_SENT, TAPPING_SENT, TAPPING_SENT, TAPPING_SENT};

    PlayedRun run_;
    tapping *tapping_ = tapping_create(CLIENTS);

  private:
    tapping_sent Take(uint32_t client, const tapping_line *line)
    {
        if (next_[client] != TAPPING_SENT)
            return next_[client];
        EXPECT_EQ(line->text[line->n - 1], '\n');
        got_[client].emplace_back(json_loadb(line->text, line->n, 0, nullptr), json_decref);
        if (line->fd >= 0) {
            char bytes[8192];
            ssize_t n = pread(line->fd, bytes, sizeof bytes, 0);
            payloads_[client].emplace_back(bytes, n > 0 ? static_cast<size_t>(n) : 0);
        }
        return TAPPING_SENT;
    }
};

constexpr const char *kAll = R"({"stage":"work"})", *kWhole = R"({"stage":"work","whole":true})";

} // namespace

TEST_F(Tapping, TakesNoStageThatIsNotThereNorASinkAndSaysWhoSendsToIt)
{
    EXPECT_THAT(Begin("{}"), HasSubstr("there is no stage ''"));
    EXPECT_THAT(Begin(R"({"stage":3})"), HasSubstr("there is no stage ''"));
    EXPECT_THAT(Begin(R"({"stage":"wrok"})"), HasSubstr("there is no stage 'wrok' (did you mean 'work'?)"));
    EXPECT_EQ(Begin(R"({"stage":"write"})"), "'write' is a sink: no frame leaves it; 'work' sends to it");
    EXPECT_EQ(run_.State(), uint64_t{TAP_CLOSED});
}

TEST_F(Tapping, TakesCountsAndBytesInTheirRangeAlone)
{
    for (const char *count : {"-1", "1000000001", "1.5", "\"1\"", "null"})
        EXPECT_THAT(Begin(std::string(R"({"stage":"work","count":)") + count + "}"),
                    HasSubstr("count must be a number"))
            << count;
    for (const char *bytes : {"-1", "65537", "1.5", "\"1\"", "null"})
        EXPECT_THAT(Begin(std::string(R"({"stage":"work","bytes":)") + bytes + "}"),
                    HasSubstr("bytes must be a number"))
            << bytes;
    for (const char *fine : {R"("count":0,"bytes":0)", R"("count":1000000000,"bytes":65536)"})
        EXPECT_EQ(Begin(std::string(R"({"stage":"work",)") + fine + "}"), "") << fine;
}

TEST_F(Tapping, OfAStageThatHasNoRoomForATapIsRefused)
{
    run_.Place()->tap = nullptr;
    EXPECT_THAT(Begin(kAll), HasSubstr("there is no memory to copy a frame of 'work' to: Operation not supported"));
}

TEST_F(Tapping, GivesEachClientAsMuchAsItWants)
{
    EXPECT_EQ(Begin(R"({"stage":"work","bytes":8})", 0), "");
    EXPECT_EQ(Begin(R"({"stage":"work","bytes":3})", 1), "");
    EXPECT_EQ(Begin(R"({"stage":"read"})", 2), "");
    EXPECT_EQ(run_.Place()->tap->room, 8u) << "one wants so many";
    EXPECT_TRUE(run_.Sample("abcdefgh", 100, 0, Attribute("path", "a.jpg")));
    Tick();
    EXPECT_EQ(Text(0, "payload"), "YWJjZGVmZ2g=");
    EXPECT_EQ(Text(1, "payload"), "YWJj");
    EXPECT_EQ(Figure(1, "size"), 100);
    EXPECT_EQ(Text(1, "port"), "a");
    EXPECT_STREQ(json_string_value(json_object_get(json_object_get(Last(1), "attributes"), "path")), "a.jpg");
    EXPECT_THAT(got_[2], IsEmpty()) << "it looks at another stage";
}

TEST_F(Tapping, EndsWithTheLastFrameThatIsWantedOrTheClient)
{
    EXPECT_EQ(Begin(R"({"stage":"work","count":2})", 0), "");
    EXPECT_EQ(Begin(kAll, 1), "");
    for (int i = 0; i < 3; i++) {
        EXPECT_TRUE(run_.Sample("x"));
        Tick();
    }
    EXPECT_EQ(got_[0].size(), 2u);
    EXPECT_EQ(got_[1].size(), 3u);
    EXPECT_EQ(run_.State(), uint64_t{TAP_WANTED});
    tapping_end(tapping_, 1);
    Tick();
    EXPECT_EQ(run_.State(), uint64_t{TAP_CLOSED});
    itimerspec timer = {};
    timerfd_gettime(tapping_fd(tapping_), &timer);
    EXPECT_EQ(timer.it_value.tv_nsec, 0) << "it ticks for nobody";
}

TEST_F(Tapping, TellsAClientThatDoesNotReadHowManyItLostAndForgetsOneThatIsGone)
{
    EXPECT_EQ(Begin(kAll, 0), "");
    EXPECT_EQ(Begin(kAll, 1), "");
    next_[0] = TAPPING_BUSY;
    next_[1] = TAPPING_GONE;
    for (int i = 0; i < 3; i++) {
        EXPECT_TRUE(run_.Sample("x"));
        Tick();
    }
    next_[0] = next_[1] = TAPPING_SENT;
    EXPECT_TRUE(run_.Sample("x"));
    Tick();
    EXPECT_EQ(Figure(0, "lost"), 3);
    EXPECT_THAT(got_[1], IsEmpty());
}

TEST_F(Tapping, MakesRoomForAPayloadThatIsLargerThanWasExpected)
{
    const uint64_t large = 3 << 20;
    EXPECT_EQ(Begin(kWhole, 0), "");
    EXPECT_EQ(Begin(R"({"stage":"work","bytes":1})", 1), "");
    const uint64_t room = run_.Place()->tap->room;
    EXPECT_LT(room, large);
    EXPECT_TRUE(run_.Sample("begin", large));
    Tick();
    EXPECT_THAT(got_[0], IsEmpty()) << "it was to be whole";
    EXPECT_EQ(Text(1, "payload"), "Yg==");
    EXPECT_EQ(run_.Place()->tap->room, std::min(large, run_.Place()->payload_max));
    EXPECT_TRUE(run_.Sample("all"));
    Tick();
    EXPECT_EQ(Figure(0, "lost"), 1);
    EXPECT_EQ(Figure(0, "descriptor"), 3);
    EXPECT_THAT(payloads_[0], ElementsAre("all"));
}

TEST_F(Tapping, BelievesNothingOfWhatAWorkerWrites)
{
    EXPECT_EQ(Begin(kAll), "");
    EXPECT_TRUE(run_.Sample("x", 1, 99));
    Tick();
    EXPECT_TRUE(json_is_null(json_object_get(Last(0), "port"))) << "there is no such port";
    EXPECT_TRUE(run_.Sample("x", 1, 0, std::string(24, '\xff')));
    Tick();
    EXPECT_EQ(json_object_size(json_object_get(Last(0), "attributes")), 0u) << "these are no records";
    EXPECT_TRUE(run_.Sample("x", 1, 0, Attribute("na\xefve", "value")));
    Tick();
    EXPECT_STREQ(json_string_value(json_object_get(json_object_get(Last(0), "attributes"), "na?ve")), "value");
    EXPECT_EQ(got_[0].size(), 3u);
}

TEST_F(Tapping, LetsAWorkerThatIsAtItEndBeforeItClosesOrOpensAgain)
{
    EXPECT_EQ(Begin(kAll), "");
    const uint64_t worker = 2;
    run_.Become(worker);
    tapping_end(tapping_, 0);
    Tick();
    EXPECT_EQ(run_.State(), worker);
    EXPECT_EQ(Begin(kAll, 1), "") << "another client may come meanwhile";
    Tick();
    run_.Become(TAP_WANTED);
    EXPECT_TRUE(run_.Sample("x"));
    Tick();
    EXPECT_EQ(got_[1].size(), 1u);
    run_.Become(worker);
    tapping_end(tapping_, 1);
    Tick();
    run_.Become(TAP_READY);
    Tick();
    EXPECT_EQ(run_.State(), uint64_t{TAP_CLOSED});
}

TEST_F(Tapping, LosesWhatItHasNoDescriptorOrNoMemoryFor)
{
    EXPECT_EQ(Begin(kWhole), "");
    auto handler = signal(SIGXFSZ, SIG_IGN);
    for (auto [resource, limit] : {std::pair{RLIMIT_NOFILE, Limit::NextDescriptor()}, {RLIMIT_FSIZE, rlim_t{2}}}) {
        EXPECT_TRUE(run_.Sample("four"));
        Limit low(resource, limit);
        Tick();
    }
    signal(SIGXFSZ, handler);
    EXPECT_THAT(got_[0], IsEmpty());
    EXPECT_TRUE(run_.Sample("four"));
    Tick();
    EXPECT_EQ(Figure(0, "lost"), 2);
    EXPECT_THAT(payloads_[0], ElementsAre("four"));
}
