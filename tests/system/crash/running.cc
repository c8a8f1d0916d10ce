#include "running.h"

#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <jansson.h>
#include <sstream>
#include <stdexcept>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace crash
{

double anybody(const std::string &)
{
    return 1;
}

Folder::Folder()
{
    std::string pattern = (std::filesystem::temp_directory_path() / "micropipe-test-XXXXXX").string();
    if (!mkdtemp(pattern.data()))
        throw std::runtime_error("cannot make a temporary folder");
    path_ = pattern;
}

Folder::~Folder()
{
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::string read_file(const std::string &path)
{
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

void write_file(const std::string &path, const std::string &text)
{
    std::ofstream(path, std::ios::binary) << text;
}

long long scaled(long long frames)
{
#if defined(__SANITIZE_ADDRESS__)
    return frames / 20;
#else
    return frames;
#endif
}

std::chrono::milliseconds scaled(std::chrono::milliseconds period)
{
#if defined(__SANITIZE_ADDRESS__)
    return period * 5;
#else
    return period;
#endif
}

namespace
{

// On a machine so slow that a worker is killed before it is up again, a run would never end.
constexpr std::chrono::seconds killing_time(10);

// Directs a descriptor of the child to a file.
void redirect(const std::string &path, int to)
{
    int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (fd >= 0) {
        dup2(fd, to);
        close(fd);
    }
}

std::vector<Process> children_of(pid_t pid)
{
    std::vector<Process> found;
    std::ifstream list("/proc/" + std::to_string(pid) + "/task/" + std::to_string(pid) + "/children");
    for (pid_t child; list >> child;) {
        std::ifstream comm("/proc/" + std::to_string(child) + "/comm");
        std::string name;
        std::getline(comm, name);
        found.push_back({child, name});
    }
    return found;
}

} // namespace

Running::Running(const Folder &folder, const std::vector<std::string> &arguments) : folder_(folder)
{
    std::vector<std::string> words = {MICROPIPE_PROGRAM, "run", "--json", "--quiet"};
    words.insert(words.end(), arguments.begin(), arguments.end());
    pid_ = fork();
    if (pid_ == 0) {
        std::vector<char *> argv;
        for (auto &word : words)
            argv.push_back(word.data());
        argv.push_back(nullptr);
        setenv("MICROPIPE_PLUGIN_PATH", MICROPIPE_PACKS, 1);
        if (chdir(folder.path().c_str()) != 0)
            _exit(99);
        redirect("stdout", 1);
        redirect("stderr", 2);
        execv(argv[0], argv.data());
        _exit(98);
    }
}

Running::~Running()
{
    if (!reaped_) {
        kill(pid_, SIGKILL);
        waitpid(pid_, nullptr, 0);
    }
}

std::vector<Process> Running::workers() const
{
    std::vector<Process> found;
    for (const auto &server : children_of(pid_))
        for (auto &worker : children_of(server.pid))
            if (worker.name.find('/') != std::string::npos)
                found.push_back(std::move(worker));
    return found;
}

std::vector<Process> Running::descendants() const
{
    auto found = children_of(pid_);
    for (size_t i = 0; i < found.size(); i++)
        for (auto &child : children_of(found[i].pid))
            found.push_back(std::move(child));
    return found;
}

bool Running::is_over()
{
    if (!reaped_ && waitpid(pid_, &status_, WNOHANG) == pid_)
        reaped_ = true;
    return reaped_;
}

bool Running::wait_until(const std::function<bool()> &condition)
{
    while (!is_over()) {
        if (condition())
            return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return false;
}

int Running::kill_workers(std::chrono::milliseconds period, uint32_t seed,
                          const std::function<double(const std::string &)> &weight)
{
    std::mt19937 random(seed);
    int kills = 0;
    auto end = std::chrono::steady_clock::now() + killing_time;
    while (!is_over() && std::chrono::steady_clock::now() < end) {
        auto victims = workers();
        auto pause = victims.empty() ? std::chrono::milliseconds(1) : period; // the first as soon as there is one
        std::vector<double> weights;
        for (const auto &victim : victims)
            weights.push_back(weight(victim.name.substr(0, victim.name.find('/'))));
        double sum = 0;
        for (double w : weights)
            sum += w;
        if (sum > 0) {
            std::discrete_distribution<size_t> pick(weights.begin(), weights.end());
            const Process &victim = victims[pick(random)];
            if (kill(victim.pid, SIGKILL) == 0)
                kills += killed_[victim.name.substr(0, victim.name.find('/'))].insert(victim.pid).second;
        }
        std::this_thread::sleep_for(pause);
    }
    return kills;
}

Result Running::finish()
{
    Result result;
    if (!reaped_)
        waitpid(pid_, &status_, 0);
    reaped_ = true;
    result.exit_code = WIFEXITED(status_) ? WEXITSTATUS(status_) : -1;
    result.output = read_file(folder_ / "stdout");
    result.errors = read_file(folder_ / "stderr");
    json_t *summary = json_loads(result.output.c_str(), 0, nullptr);
    const char *outcome = json_string_value(json_object_get(summary, "outcome"));
    const char *reason = json_string_value(json_object_get(summary, "reason"));
    result.outcome = outcome ? outcome : "";
    result.reason = reason ? reason : "";
    size_t i;
    json_t *stage;
    json_array_foreach(json_object_get(summary, "stages"), i, stage)
    {
        const char *key;
        json_t *value;
        Stage &figures = result.stages[json_string_value(json_object_get(stage, "name"))];
        json_object_foreach(stage, key, value) if (json_is_integer(value)) figures.figures[key] =
            json_integer_value(value);
    }
    json_decref(summary);
    return result;
}

std::string unordered_digest(const std::string &path)
{
    std::istringstream lines(read_file(path));
    std::string kept;
    for (std::string line; std::getline(lines, line);)
        if (line.rfind("order ", 0) != 0)
            kept += line + "\n";
    return kept.empty() ? "there is no file " + path : kept;
}

std::string broken_identity(const Result &result)
{
    std::ostringstream wrong;
    if (result.stages.empty())
        wrong << "there is no summary: " << result.errors;
    for (const auto &[name, s] : result.stages)
        if (s["in"] != s["out"] + s["dropped"] + s["dead"] + s["in_flight"] || s["in_flight"] != 0)
            wrong << name << ": in " << s["in"] << ", out " << s["out"] << ", dropped " << s["dropped"] << ", dead "
                  << s["dead"] << ", in flight " << s["in_flight"] << "; ";
    return wrong.str();
}

std::string unexplained_restarts(const Result &result, const Running &run)
{
    std::ostringstream wrong;
    for (const auto &[name, s] : result.stages) {
        auto killed = run.killed().find(name);
        size_t kills = killed == run.killed().end() ? 0 : killed->second.size();
        if (s["restarts"] > static_cast<long long>(kills))
            wrong << name << ": " << s["restarts"] << " restarts, but " << kills << " kills; ";
    }
    return wrong.str();
}

} // namespace crash
