#include "trial.h"

#include <algorithm>
#include <cinttypes>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <jansson.h>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace soak
{

namespace
{

constexpr double FIRST_REST = 4, BETWEEN_RESTS = 30, PATIENCE = 90; // seconds
constexpr std::chrono::milliseconds LOOK(2);
constexpr long SLACK_KIB = 512;    // that a heap may differ by
constexpr double STANDSTILL = 0.4; // the driver did not run so long: neither did the others, and deadlines pass

const Elastic GROW = {"grow", 4}, SHRINK = {"shrink", 3}, REWRITE = {"rewrite", 3};

std::string workers(const Elastic &stage)
{
    return "workers = { min = 1; max = " + std::to_string(stage.most) + "; };";
}

std::string configuration(const Plan &plan, const std::string &folder)
{
    const std::string all = " max_attempts = 100; timeout = \"500ms\"; on_error = \"stop\"; }";
    auto stage = [&](const char *name, const char *processor, const std::string &more) {
        return std::string("  { name = \"") + name + "\"; processor = \"soak." + processor + "\"; " + more + all;
    };
    auto books = [&](const char *name) { return "options = { path = \"" + folder + "/" + name + ".books\"; }; "; };
    return "name = \"soak\"; memory = \"256M\"; drain_timeout = \"60s\";\nstages = (\n" +
           stage("source", "source",
                 "options = { pause = \"" + folder + "/pause\"; rate = " + std::to_string(plan.rate) + "; };") +
           ",\n" + stage("grow", "change", "inputs = [ \"source\" ]; ordered = true; " + workers(GROW)) + ",\n" +
           stage("shrink", "change", "inputs = [ \"source\" ]; " + workers(SHRINK)) + ",\n" +
           stage("rewrite", "rewrite", "inputs = [ \"shrink\" ]; " + workers(REWRITE)) + ",\n" +
           stage("hold", "hold", "inputs = [ \"rewrite\" ]; workers = 1;") + ",\n" +
           stage("join", "verify", "inputs = [ \"grow\", \"hold\" ]; " + books("join")) + ",\n" +
           stage("tail", "verify", "inputs = [ \"source\" ]; " + books("tail")) + "\n);\n";
}

void redirect(const std::string &path, int to)
{
    int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (fd >= 0) {
        dup2(fd, to);
        close(fd);
    }
}

std::string last_lines(const std::string &path, size_t most)
{
    std::ifstream in(path);
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);)
        lines.push_back(line);
    std::string text;
    for (size_t i = lines.size() > most ? lines.size() - most : 0; i < lines.size(); i++)
        text += "    " + lines[i] + "\n";
    return text;
}

} // namespace

Trial::Trial(const Plan &plan) : plan_(plan), foreman_("soak", {GROW, SHRINK, REWRITE}, plan.seed)
{
    std::string pattern = (std::filesystem::temp_directory_path() / "micropipe-soak-XXXXXX").string();
    if (!mkdtemp(pattern.data()))
        throw std::runtime_error("cannot make a temporary folder");
    folder_ = pattern;
    setenv("XDG_RUNTIME_DIR", folder_.c_str(), 1);
    std::ofstream(in_folder("soak.cfg")) << configuration(plan, folder_);
    mirror_ = std::make_unique<Mirror>(in_folder("soak.cfg"), plan.packs);
    prctl(PR_SET_CHILD_SUBREAPER, 1); // what the host leaves behind comes to us
}

Trial::~Trial()
{
    if (host_ > 0 && !over_) {
        kill(host_, SIGKILL);
        waitpid(host_, nullptr, 0);
    }
    if (violations_.empty())
        std::filesystem::remove_all(folder_);
}

void Trial::violation(const std::string &what)
{
    char at[32];
    snprintf(at, sizeof at, "at %.1f s: ", elapsed());
    violations_.push_back(at + what);
    fprintf(stderr, "soak: VIOLATION %s%s\n", at, what.c_str());
}

bool Trial::host_is_over()
{
    if (!over_ && waitpid(host_, &status_, WNOHANG) == host_)
        over_ = true;
    return over_;
}

void Trial::start()
{
    started_ = Clock::now();
    host_ = fork();
    if (host_ == 0) {
        const rlimit no_core = {0, 0};
        setrlimit(RLIMIT_CORE, &no_core);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        redirect(in_folder("summary"), STDOUT_FILENO);
        redirect(in_folder("log"), STDERR_FILENO);
        execl(plan_.program.c_str(), plan_.program.c_str(), "run", in_folder("soak.cfg").c_str(), "--json", "--quiet",
              "--plugin-path", plan_.packs.c_str(), nullptr);
        _exit(127);
    }
    while (!host_is_over() && elapsed() < PATIENCE && (!mirror_->attach(host_) || !mirror_->read_control()))
        std::this_thread::sleep_for(LOOK);
    killer_ = std::make_unique<Killer>(host_, *mirror_, plan_.seed);
}

// Strikes at random moments until then.
void Trial::disturb(double until)
{
    std::mt19937_64 random(plan_.seed + static_cast<uint64_t>(until * 1000));
    std::exponential_distribution<double> pause(plan_.strikes), between(plan_.scalings);
    double next = elapsed() + pause(random), scale_at = elapsed() + between(random), before = elapsed();
    while (elapsed() < until && !host_is_over()) {
        killer_->attend();
        if (elapsed() >= next) {
            mirror_->read_control();
            killer_->strike();
            next += pause(random);
        }
        if (elapsed() >= scale_at) {
            if (!foreman_.scale() && !host_is_over())
                violation("the pipeline does not let itself be scaled");
            scale_at = elapsed() + between(random);
        }
        std::this_thread::sleep_for(LOOK);
        double now = elapsed();
        if (now - before > STANDSTILL)
            next = now + pause(random);
        longest_gap_ = std::max(longest_gap_, now - before);
        before = now;
    }
}

// The source makes nothing, all workers are there, and no frame is on its way: for some looks on end.
bool Trial::comes_to_rest()
{
    constexpr int LOOKS_ON_END = 10;
    const size_t all = mirror_->stages() + mirror_->slots();
    double end = elapsed() + PATIENCE;
    uint64_t made = 0;
    for (int quiet = 0; quiet < LOOKS_ON_END;) {
        if (host_is_over() || elapsed() > end)
            return false;
        killer_->attend();
        std::this_thread::sleep_for(LOOK);
        bool same = mirror_->read_control() && mirror_->is_empty() && mirror_->is_idle() && mirror_->made() == made &&
                    !killer_->is_waiting() && descendants(host_).size() == all;
        quiet = same ? quiet + 1 : 0;
        made = mirror_->made();
    }
    return true;
}

void Trial::rest()
{
    std::ofstream(in_folder("pause")) << "\n";
    killer_->have_mercy();
    foreman_.man_all();
    Rest found;
    if (comes_to_rest()) {
        look_around(found);
        rests_.push_back(found);
    } else if (!over_) {
        violation("the pipeline does not come to rest: frames are on their way for ever, or a process is missing; what "
                  "each process does is in " +
                  in_folder("doings"));
        std::ofstream(in_folder("doings")) << doings_of(host_);
    }
    unlink(in_folder("pause").c_str());
}

void Trial::look_around(Rest &found)
{
    found.at = elapsed();
    found.vitals = vitals_of(host_);
    found.holdings = mirror_->holdings();
    found.frames = mirror_->made();
    found.kept = mirror_->kept();
    if (found.holdings.held != found.kept || found.holdings.pending != 0)
        violation("at rest " + std::to_string(found.holdings.held) + " blocks are held (" +
                  std::to_string(found.holdings.pending) + " pending), but " + std::to_string(found.kept) +
                  " frames kept");
    judge_books(mirror_->books("join"), mirror_->books("tail"), found.frames, found.kept);
}

void Trial::judge_lane(const char *name, const lane &l, bool ordered, uint64_t made, uint64_t kept)
{
    char text[300];
    bool whole = l.count == made - kept && l.doubles == 0 && l.beyond == 0 && (kept > 0 || l.next == made);
    snprintf(text, sizeof text,
             "branch %s: of %" PRIu64 " frames (%" PRIu64 " kept on the way) %" PRIu64 " came, all below %" PRIu64
             ", %" PRIu64 " twice, %" PRIu64 " out of order, %" PRIu64 " too far ahead",
             name, made, kept, l.count, l.next, l.doubles, l.late, l.beyond);
    if (!whole || (ordered && l.late != 0))
        violation(text);
}

void Trial::judge_books(const ledger *join, const ledger *tail, uint64_t made, uint64_t kept)
{
    judge_lane("tail", tail->lanes[0], true, made, 0);
    judge_lane("grow", join->lanes[1], true, made, 0);
    judge_lane("hold", join->lanes[2], false, made, kept);
}

// Ends it as a user does, and reads what it left.
void Trial::finish()
{
    double end = elapsed() + PATIENCE;
    ledger join = {}, tail = {};
    killer_->have_mercy();
    if (host_is_over()) {
        violation("the host is gone before it was told to end; its last words:\n" + last_lines(in_folder("log"), 8));
        return;
    }
    kill(host_, SIGTERM);
    while (!host_is_over() && elapsed() < end) {
        killer_->attend();
        std::this_thread::sleep_for(LOOK);
    }
    if (!over_) {
        violation("it does not drain");
        return;
    }
    if (waitpid(-1, nullptr, WNOHANG) != -1)
        violation("the host left a process behind");
    judge_summary();
    auto read = [&](const char *name, ledger &to) {
        std::ifstream in(in_folder(name), std::ios::binary);
        return static_cast<bool>(in.read(reinterpret_cast<char *>(&to), sizeof to));
    };
    if (!read("join.books", join) || !read("tail.books", tail))
        violation("a sink wrote no books");
    judge_books(&join, &tail, tail.lanes[0].next, 0);
    rests_.push_back({elapsed(), {}, {}, tail.lanes[0].next, 0});
}

void Trial::judge_summary()
{
    std::unique_ptr<json_t, void (*)(json_t *)> summary(json_load_file(in_folder("summary").c_str(), 0, nullptr),
                                                        json_decref);
    size_t i;
    json_t *s;
    if (!WIFEXITED(status_) || WEXITSTATUS(status_) != 0)
        violation("the host ended with wait status " + std::to_string(status_) + "; its last words:\n" +
                  last_lines(in_folder("log"), 8));
    if (!summary)
        violation("the host gave no summary");
    json_array_foreach(json_object_get(summary.get(), "stages"), i, s)
    {
        auto figure = [&](const char *name) { return json_integer_value(json_object_get(s, name)); };
        std::string name = json_string_value(json_object_get(s, "name"));
        if (figure("in") != figure("out") || figure("dropped") || figure("dead") || figure("in_flight"))
            violation("stage " + name + ": the figures do not add up");
        if (static_cast<uint64_t>(figure("restarts")) > killer_->explained(name) && longest_gap_ < STANDSTILL)
            violation("stage " + name + ": " + std::to_string(figure("restarts")) + " restarts, but only " +
                      std::to_string(killer_->explained(name)) + " are explained");
    }
}

// At rest everything is as it was at the first rest; memory as at the greater of the first two, as the host keeps
// reports of crashes, of 64 places at most, and few have been seen by the first; and a heap that was just trimmed says
// little.
void Trial::judge_drift()
{
    if (rests_.size() < 3) // the end is one of them
        return;
    const Vitals &first = rests_[0].vitals, &second = rests_[1].vitals;
    long host_kib = std::max(first.host_kib, second.host_kib),
         server_kib = std::max(first.server_kib, second.server_kib);
    for (size_t i = 1; i + 1 < rests_.size(); i++) {
        const Vitals &v = rests_[i].vitals;
        if (v.processes != first.processes || v.zombies != 0)
            violation("processes drift: " + std::to_string(v.processes) + ", " + std::to_string(v.zombies) +
                      " zombies");
        if (v.host_files != first.host_files || v.server_files != first.server_files ||
            v.worker_files != first.worker_files)
            violation("descriptors drift: host " + std::to_string(v.host_files) + ", servers " +
                      std::to_string(v.server_files) + ", workers " + std::to_string(v.worker_files));
        if (v.host_kib > host_kib + SLACK_KIB || v.server_kib > server_kib + SLACK_KIB)
            violation("memory drifts: host " + std::to_string(v.host_kib) + " KiB, largest server " +
                      std::to_string(v.server_kib) + " KiB");
    }
}

void Trial::run()
{
    start();
    double next = std::min(FIRST_REST, plan_.seconds / 3);
    while (!host_is_over() && elapsed() < plan_.seconds && violations_.empty()) {
        disturb(std::min(next, plan_.seconds));
        rest();
        next = elapsed() + std::min(BETWEEN_RESTS, plan_.seconds / 4);
    }
    finish();
    judge_drift();
}

bool Trial::print() const
{
    auto row = [](const Rest &r) {
        const Vitals &v = r.vitals;
        printf("  %7.1f %10" PRIu64 " %6ld %5ld %5ld %5ld %7ld %7ld %7ld %5" PRIu64 " %5" PRIu64 " %5" PRIu64 "\n",
               r.at, r.frames, v.processes, v.host_files, v.server_files, v.worker_files, v.host_kib, v.server_kib,
               v.worker_kib, r.holdings.held, r.holdings.spans_in_use, r.holdings.spans_owned);
    };
    printf("soak: seed %" PRIu64 ", %.0f s, %.0f signals/s, %.0f frames/s\n", plan_.seed, plan_.seconds, plan_.strikes,
           plan_.rate);
    for (const auto &[of, n] : killer_->deaths())
        printf("  %8" PRIu64 " deaths of a %s by %s\n", n, of.first.c_str(), of.second.c_str());
    uint64_t deaths = killer_->total("worker") + killer_->total("server");
    printf("  %8" PRIu64 " deaths in all; beside them %" PRIu64 " workers that went with their server, %" PRIu64
           " processes stopped and continued\n",
           deaths, killer_->taken_along(), killer_->continued());
    printf("  %8" PRIu64 " times a stage was given another number of workers\n", foreman_.scaled());
    printf("  %8" PRIu64 " frames made, each on 3 branches\n", rests_.empty() ? 0 : rests_.back().frames);
    printf("  at rest, beginning and end (private memory in KiB; largest server, largest worker):\n"
           "        s     frames  procs files:host srv wrk  host  server  worker  held spans owned\n");
    for (size_t i = 0; i + 1 < rests_.size(); i++)
        if (i < 3 || i + 4 >= rests_.size())
            row(rests_[i]);
    printf("  %zu looks at rest; longest time that the driver itself did not run: %.2f s\n",
           rests_.empty() ? 0 : rests_.size() - 1, longest_gap_);
    for (const std::string &what : violations_)
        printf("  VIOLATION %s\n", what.c_str());
    if (!violations_.empty())
        printf("  all that is known of it is in %s\n", folder_.c_str());
    printf("soak: %" PRIu64 " deaths, %zu violations\n", deaths, violations_.size());
    return violations_.empty();
}

} // namespace soak
