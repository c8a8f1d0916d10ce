// bench_watching [--pairs N]: what it costs a pipeline to be looked at: frames of 64 bytes from a source to a sink, a
// few seconds with all views open beside a few seconds with none, in turns, in one run.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <vector>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "live.h"
#include "views.h"

namespace
{

constexpr double WARM_S = 2, SETTLE_S = 0.5, LOOK_S = 3, GOAL = 0.99;

double rate_from_now(const Live &live)
{
    const double from = live.look().at_s + SETTLE_S;
    return live.rate("generate", from, from + LOOK_S);
}

double rate_watched(const Live &live, uint16_t port)
{
    Views views(live.name(), "generate", port);
    const double rate = rate_from_now(live);
    views.check();
    return rate;
}

// One that is free now.
uint16_t some_port()
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in at = {};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    bind(fd, reinterpret_cast<sockaddr *>(&at), size);
    getsockname(fd, reinterpret_cast<sockaddr *>(&at), &size);
    close(fd);
    return ntohs(at.sin_port);
}

void compare(int pairs)
{
    Folder folder;
    const uint16_t port = some_port();
    const std::string file = folder.file(
        "watched.cfg", "stages = ( { processor = \"core.generate\"; options = { size = 64; }; name = \"generate\"; },\n"
                       "           { processor = \"core.null\"; name = \"null\"; } );\n");
    Live live(file, {"http=127.0.0.1:" + std::to_string(port)});
    live.at(WARM_S);
    std::vector<double> ratios;
    for (int i = 0; i < pairs; i++) {
        const bool watched_first = i % 2 != 0;
        double watched = watched_first ? rate_watched(live, port) : 0;
        const double alone = rate_from_now(live);
        if (!watched_first)
            watched = rate_watched(live, port);
        ratios.push_back(watched / alone);
        printf("  %2d  %10.3g M frames/s alone  %10.3g M with all views  %.3f\n", i + 1, alone / 1e6, watched / 1e6,
               ratios.back());
        fflush(stdout);
    }
    std::sort(ratios.begin(), ratios.end());
    const double median = ratios[ratios.size() / 2];
    printf("  goal: with top, the page, a scrape a second and a tap, beside alone, >= %.2f: measured %.3f (%.3f .. "
           "%.3f): %s\n",
           GOAL, median, ratios.front(), ratios.back(), median >= GOAL ? "reached" : "MISSED");
}

} // namespace

int main(int argc, char **argv)
{
    int pairs = argc == 3 && strcmp(argv[1], "--pairs") == 0 ? atoi(argv[2]) : 15;
    if ((argc != 1 && argc != 3) || pairs < 1) {
        fprintf(stderr, "usage: %s [--pairs N]\n", argv[0]);
        return 2;
    }
    try {
        printf("watching: core.generate size=64 | core.null\n");
        compare(pairs);
    } catch (const std::exception &e) {
        fprintf(stderr, "bench_watching: %s\n", e.what());
        return 1;
    }
    return 0;
}
