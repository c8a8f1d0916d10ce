// What a pipeline says by HTTP, and to whom.
#include <sys/stat.h>

#include "exposition.h"
#include "served.h"

namespace
{

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

class Serving : public Served
{
};

// What each stage's figures leave over: 0 at rest.
std::map<std::string, double> Missing(const Exposition &e)
{
    static const std::regex sample("micropipe_stage_frames_([a-z_]+)\\{stage=\"([^\"]*)\"\\}");
    std::map<std::string, double> sum;
    for (const auto &[name, value] : e.samples()) {
        std::smatch m;
        if (!std::regex_match(name, m, sample))
            continue;
        bool in = m[1] == "in_total";
        if (in || m[1] == "out_total" || m[1] == "dropped_total" || m[1] == "dead_total" || m[1] == "in_flight")
            sum[m[2]] += in ? std::stod(value) : -std::stod(value);
    }
    return sum;
}

} // namespace

TEST_F(Serving, TellsPrometheusAndProbesAndProgramsOfTheRun)
{
    Start();
    EXPECT_EQ(Get("/healthz").body, "ok\n");
    ASSERT_TRUE(Becomes([](json_t *s) { return Figure(s, 2, "out") > 0; }));
    Answer ready = Get("/readyz");
    EXPECT_EQ(ready.status, 200) << ready.body;
    Answer metrics = Get("/metrics");
    EXPECT_EQ(metrics.status, 200);
    EXPECT_THAT(metrics.head, HasSubstr("Content-Type: text/plain; version=0.0.4"));
    Exposition e(metrics.body);
    EXPECT_EQ(e.mistakes(), "");
    EXPECT_NE(e.value("micropipe_stage_frames_out_total{stage=\"null\"}"), "0");
    EXPECT_STREQ(json_string_value(json_object_get(Status().get(), "pipeline")), "pipe");
    EXPECT_EQ(Send("HEAD /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n").body, "");
    EXPECT_EQ(Send("HEAD /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n").status, 405) << "it would never end";
    EXPECT_EQ(Get("/nothing").status, 404);
    EXPECT_EQ(Get("/api/v1/scale").status, 405);
    EXPECT_EQ(Post("/metrics", "", Bearer()).status, 405);
}

TEST_F(Serving, TellsWhatOfTheBudgetOfMemoryIsInUse)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "a process with a sanitizer maps terabytes, so there is no budget";
#endif
    constexpr json_int_t MIB = 1 << 20;
    const auto bytes = [](const json_t *status, const char *key) {
        return json_integer_value(json_object_get(json_object_get(status, "memory"), key));
    };
    Start("core.generate size=16 count=0 | debug.work wait=1ms frame_memory=20M | core.null",
          {"--set", "workers_memory=200M"});
    EXPECT_TRUE(Becomes([&](json_t *s) { return bytes(s, "workers_used_bytes") > 20 * MIB; }));
    Json status = Status();
    EXPECT_EQ(bytes(status.get(), "workers_limit_bytes"), 200 * MIB);
    EXPECT_GE(bytes(status.get(), "workers_granted_bytes"), bytes(status.get(), "workers_used_bytes"));
    EXPECT_LE(bytes(status.get(), "workers_granted_bytes"), 200 * MIB);
    EXPECT_EQ(Exposition(Get("/metrics").body).value("micropipe_workers_memory_limit_bytes"),
              std::to_string(200 * MIB));
}

TEST_F(Serving, ChangesNothingForWhoDoesNotKnowTheTokenOrComesFromElsewhere)
{
    Start();
    const std::string body = R"({"stage": "work", "workers": 5})";
    EXPECT_THAT(Post("/api/v1/scale", body, "").head, ContainsRegex("401 .*\r\nWWW-Authenticate: Bearer"));
    EXPECT_EQ(Post("/api/v1/pause", "", "Authorization: Bearer 0123456789abcdef\r\n").status, 401);
    EXPECT_EQ(Post("/api/v1/pause", "", Bearer() + "Origin: http://evil.example\r\n").status, 403);
    EXPECT_EQ(Post("/api/v1/pause", "", Bearer() + "Origin: null\r\n").status, 403);
    EXPECT_EQ(Post("/api/v1/pause", "", Bearer() + "Sec-Fetch-Site: cross-site\r\n").status, 403);
    EXPECT_EQ(Send("POST /api/v1/pause HTTP/1.1\r\nHost: evil.example\r\n" + Bearer() + "\r\n").status, 421);
    EXPECT_EQ(Send("GET /api/v1/status HTTP/1.1\r\nHost: evil.example\r\n\r\n").status, 421) << "DNS rebinding";
    EXPECT_STREQ(json_string_value(json_object_get(Status().get(), "state")), "running");
    Json status = Status();
    json_t *work = json_array_get(json_object_get(status.get(), "stages"), 1);
    EXPECT_STREQ(json_string_value(json_object_get(work, "workers_by")), "scaler");
}

TEST_F(Serving, ScalesAndPausesForWhoKnowsTheToken)
{
    Start();
    Answer scaled = Post("/api/v1/scale", R"({"stage": "work", "workers": 5})", Bearer());
    EXPECT_EQ(scaled.status, 200);
    EXPECT_EQ(scaled.body, "{\"ok\":true,\"workers\":5}\n");
    EXPECT_TRUE(Becomes([](json_t *s) { return Figure(s, 1, "workers") == 5; }));
    EXPECT_THAT(Post("/api/v1/scale", R"({"stage": "nobody", "workers": 5})", Bearer()).head, HasSubstr(" 409 "));
    EXPECT_EQ(Post("/api/v1/scale", "{", Bearer()).status, 400);
    EXPECT_EQ(Post("/api/v1/scale", "[]", Bearer()).status, 400);
    EXPECT_EQ(Post("/api/v1/scale", "", Bearer()).status, 409) << "which stage?";
    EXPECT_EQ(Post("/api/v1/scale", std::string(2000, ' '), Bearer()).status, 413);
    EXPECT_EQ(Post("/api/v1/pause", R"({"command": "stop"})", Bearer()).status, 200) << "it is the path that counts";
    EXPECT_STREQ(json_string_value(json_object_get(Status().get(), "state")), "paused");
    EXPECT_EQ(
        Post("/api/v1/resume", "",
             Bearer() + "Sec-Fetch-Site: same-origin\r\nOrigin: http://127.0.0.1:" + std::to_string(port_) + "\r\n")
            .status,
        200)
        << "the page itself";
    EXPECT_STREQ(json_string_value(json_object_get(Status().get(), "state")), "running");
}

TEST_F(Serving, IsAliveButNotReadyUntilEveryStageHasLoaded)
{
    Start("core.generate | debug.work load=50s | core.null");
    EXPECT_EQ(Get("/healthz").status, 200);
    Answer ready = Get("/readyz");
    EXPECT_EQ(ready.status, 503);
    EXPECT_THAT(ready.body, HasSubstr("stage 'work': starting"));
}

TEST_F(Serving, TheTokenIsForTheOwnerAloneAndGoesWithThePipeline)
{
    Start();
    struct stat s;
    const std::string file = folder_.path().string() + "/micropipe/pipe.token";
    ASSERT_EQ(stat(file.c_str(), &s), 0);
    EXPECT_EQ(s.st_mode & 0777, 0600u);
    EXPECT_THAT(runs_->said(), HasSubstr("#token=" + Token()));
    Stop();
    runs_->Wait();
    EXPECT_NE(stat(file.c_str(), &s), 0);
    Start(ENDLESS, {"--set", "http_token=0123456789abcdef"});
    EXPECT_EQ(Token(), "0123456789abcdef");
    EXPECT_THAT(runs_->said(), Not(HasSubstr("0123456789abcdef"))) << "its owner knows it: it is not for the log";
    EXPECT_EQ(Post("/api/v1/pause", "", Bearer()).status, 200);
}

TEST_F(Serving, CountersNeverGoDownAndAddUpAtRest)
{
    Start("core.generate size=16 count=0 | debug.fail kind=segv rate=0.005 attempts=1 :workers=1-4 | debug.work "
          "wait=1ms :workers=1-8 | core.null");
    std::map<std::string, double> before;
    double deaths = 0;
    for (int i = 0; i < 400 && (i < 16 || deaths < 5); i++, poll(nullptr, 0, 20)) {
        Post("/api/v1/scale", R"({"stage": "work", "workers": )" + std::to_string(1 + i % 8) + "}", Bearer());
        Exposition e(Get("/metrics").body);
        ASSERT_EQ(e.mistakes(), "");
        for (const auto &[sample, value] : e.samples())
            if (e.is_counter(sample)) {
                EXPECT_GE(std::stod(value), before[sample]) << sample;
                before[sample] = std::stod(value);
            }
        deaths = before["micropipe_stage_worker_deaths_total{stage=\"fail\"}"];
    }
    EXPECT_GE(deaths, 5);
    EXPECT_EQ(Post("/api/v1/pause", "", Bearer()).status, 200);
    ASSERT_TRUE(Becomes([](json_t *s) {
        return Figure(s, 1, "in_flight") + Figure(s, 2, "in_flight") + Figure(s, 3, "in_flight") == 0;
    }));
    for (int i = 0; i < 3; i++)
        for (const auto &[stage, missing] : Missing(Exposition(Get("/metrics").body)))
            EXPECT_EQ(missing, 0) << stage;
}

TEST_F(Serving, StreamsAStatusASecondUntilTheEnd)
{
    Start();
    int fd = Connect();
    Say(fd, "GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
    std::string heard = Hear(fd, "\n\n");
    EXPECT_THAT(heard, HasSubstr("Content-Type: text/event-stream"));
    EXPECT_THAT(heard, HasSubstr("data: {\"ok\":true,\"pipeline\":\"pipe\""));
    heard = Hear(fd, "\n\n");
    EXPECT_THAT(heard, HasSubstr("data: {\"ok\":true,\"pipeline\":\"pipe\""));
    Stop();
    EXPECT_THAT(Hear(fd), HasSubstr("event: end\n"));
    close(fd);
    EXPECT_EQ(runs_->Wait(), 1);
}

TEST_F(Serving, ThePageRunsItsOwnScriptsAloneAndAsksNobodyElse)
{
    Start();
    Answer page = Get("/");
    std::smatch m;
    ASSERT_TRUE(
        std::regex_search(page.head, m, std::regex("script-src 'nonce-([0-9a-f]{32})'; style-src 'nonce-\\1'")));
    EXPECT_THAT(page.head, HasSubstr("default-src 'none'"));
    EXPECT_THAT(page.head, HasSubstr("frame-ancestors 'none'"));
    EXPECT_THAT(page.head, HasSubstr("X-Content-Type-Options: nosniff"));
    const std::string nonce = m[1];
    EXPECT_THAT(page.body, HasSubstr("<style nonce=\"" + nonce + "\">\n:root {")) << "it has all its parts";
    EXPECT_THAT(page.body, HasSubstr("<script nonce=\"" + nonce + "\">\n\"use strict\";"));
    EXPECT_THAT(page.body, HasSubstr("new EventSource(\"/api/v1/events\")"));
    EXPECT_THAT(page.body, Not(ContainsRegex("(src|href)=\"?(https?:)?//"))) << "nothing from elsewhere";
    EXPECT_THAT(page.body, Not(HasSubstr("innerHTML")));
    EXPECT_THAT(Get("/").body, Not(HasSubstr(nonce))) << "a nonce is used once";
}

TEST_F(Serving, AnAddressThatIsTakenEndsTheRunBeforeItStarts)
{
    Start();
    Outcome o = folder_.run("micropipe run --set http=127.0.0.1:" + std::to_string(port_) +
                            " -e 'core.generate | core.null' 2>&1");
    EXPECT_EQ(o.status, 1);
    EXPECT_EQ(o.output, "micropipe run: cannot serve HTTP at 127.0.0.1:" + std::to_string(port_) +
                            ": Address already in use; nothing was started\n");
}

TEST_F(Serving, AnAddressThatOthersCanReachGivesAWarning)
{
    Outcome o = folder_.run("micropipe run --set http=0.0.0.0:0 -e 'core.generate count=1 | core.null' 2>&1");
    EXPECT_EQ(o.status, 0);
    EXPECT_THAT(o.output, ContainsRegex("warning micropipe: http: 0\\.0\\.0\\.0:[0-9]+ can be reached from other"));
    o = folder_.run("micropipe run --set http=127.0.0.1 -e 'core.generate count=1 | core.null' 2>&1");
    EXPECT_EQ(o.status, 2);
    EXPECT_THAT(o.output, HasSubstr("http must be an address and a port, as \"127.0.0.1:9464\""));
}
