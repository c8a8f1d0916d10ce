#include "live.h"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <jansson.h>
#include <spawn.h>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

extern "C" {
#include "client.h"
}

namespace
{

constexpr auto STARTS_WITHIN = std::chrono::seconds(20);

json_t *ask(const std::string &name, const char *what)
{
    char why[400];
    return client_ask(name.c_str(), json_pack("{ss}", "command", what), why, sizeof why);
}

// Of the process and all below it, those that are gone included.
uint64_t ticks_of(pid_t pid)
{
    std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
    std::string text((std::istreambuf_iterator<char>(stat)), std::istreambuf_iterator<char>());
    size_t at = text.rfind(')');
    uint64_t times[4] = {};
    char state;
    long long ppid;
    if (at == std::string::npos ||
        sscanf(text.c_str() + at + 2, "%c %lld %*s %*s %*s %*s %*s %*s %*s %*s %*s %lu %lu %lu %lu", &state, &ppid,
               &times[0], &times[1], &times[2], &times[3]) != 6)
        return 0;
    uint64_t sum = times[0] + times[1] + times[2] + times[3];
    std::ifstream children("/proc/" + std::to_string(pid) + "/task/" + std::to_string(pid) + "/children");
    for (pid_t child; children >> child;)
        sum += ticks_of(child);
    return sum;
}

} // namespace

Live::Live(const std::string &file, const std::vector<std::string> &settings)
{
    static int number = 0;
    name_ = "bench-" + std::to_string(getpid()) + "-" + std::to_string(number++);
    std::vector<std::string> words = {MICROPIPE_PROGRAM, "run",           "--quiet", file,
                                      "--plugin-path",   MICROPIPE_PACKS, "--set",   "name=" + name_};
    for (const std::string &setting : settings) {
        words.push_back("--set");
        words.push_back(setting);
    }
    std::vector<char *> argv;
    for (std::string &word : words)
        argv.push_back(word.data());
    argv.push_back(nullptr);
    pid_ = fork();
    if (pid_ == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execv(argv[0], argv.data());
        _exit(127);
    }
    auto until = std::chrono::steady_clock::now() + STARTS_WITHIN;
    while (std::chrono::steady_clock::now() < until) {
        json_t *answer = ask(name_, "status");
        json_decref(answer);
        if (answer)
            return;
        if (waitpid(pid_, nullptr, WNOHANG) == pid_)
            break;
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    throw std::runtime_error("micropipe run " + file + " did not come up");
}

Live::~Live()
{
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
}

Instant Live::look() const
{
    Instant now;
    json_t *answer = ask(name_, "status"), *stage;
    size_t i;
    if (!answer)
        throw std::runtime_error("the pipeline has ended");
    now.at_s = json_number_value(json_object_get(answer, "elapsed_s"));
    const char *limit = json_string_value(json_object_get(answer, "limited_by"));
    now.limit = limit ? limit : "";
    json_array_foreach(json_object_get(answer, "stages"), i, stage)
    {
        std::string name = json_string_value(json_object_get(stage, "name"));
        now.out[name] = static_cast<uint64_t>(json_integer_value(json_object_get(stage, "out")));
        now.workers[name] = static_cast<uint32_t>(json_integer_value(json_object_get(stage, "workers_wanted")));
    }
    json_decref(answer);
    return now;
}

void Live::order(const std::string &stage, uint32_t workers) const
{
    char why[400];
    json_t *answer = client_ask(
        name_.c_str(),
        json_pack("{ss ss si}", "command", "scale", "stage", stage.c_str(), "workers", static_cast<int>(workers)), why,
        sizeof why);
    bool ok = json_is_true(json_object_get(answer, "ok"));
    json_decref(answer);
    if (!ok)
        throw std::runtime_error("the pipeline cannot be scaled");
}

void Live::scale(const std::string &stage, uint32_t workers) const
{
    order(stage, workers);
    for (;;) {
        json_t *answer = ask(name_, "status"), *s;
        uint32_t has = 0;
        size_t i;
        json_array_foreach(json_object_get(answer, "stages"), i, s)
        {
            if (stage == json_string_value(json_object_get(s, "name")))
                has = static_cast<uint32_t>(json_integer_value(json_object_get(s, "workers")));
        }
        json_decref(answer);
        if (has == workers)
            return;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
}

Instant Live::at(double seconds) const
{
    Instant now = look();
    if (now.at_s < seconds) {
        std::this_thread::sleep_for(std::chrono::duration<double>(seconds - now.at_s));
        now = look();
    }
    return now;
}

double Live::rate(const std::string &stage, double from_s, double to_s) const
{
    Instant from = at(from_s), to = at(to_s);
    return static_cast<double>(to.out[stage] - from.out[stage]) / (to.at_s - from.at_s);
}

double Live::cpu_s() const
{
    return static_cast<double>(ticks_of(pid_)) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

Folder::Folder()
{
    setenv("XDG_RUNTIME_DIR", path().c_str(), 1);
}
