// bench_recovery [KILLS [PAGES]]: from the death of a worker to its stage's flowing again, part by part, and how long
// its neighbours stand still meanwhile; on huge pages, transparent huge pages and small ones, or on one kind: huge,
// transparent or small.
//
// The host and the workers note in the slots when they did what; this looks at the slots from outside. Runs the
// micropipe of the same build.
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <jansson.h>
#include <memory>
#include <random>
#include <sched.h>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include "mirror.h"
#include "vitals.h"

extern "C" {
#include "clock.h"
}

namespace
{

enum { KILLS = 200, VICTIMS = 2, HUGE_PAGES_WANTED = 300 };

constexpr uint64_t LOOK_NS = 50000, BEFORE_NS = 20 * NS_PER_MS, AFTER_NS = 5 * NS_PER_MS, PATIENCE_NS = 10 * NS_PER_S;

void wait_ns(uint64_t ns)
{
    const timespec t = {static_cast<time_t>(ns / NS_PER_S), static_cast<long>(ns % NS_PER_S)};
    clock_nanosleep(CLOCK_MONOTONIC, 0, &t, nullptr);
}

class Sample
{
  public:
    void add(double ms) { values_.push_back(ms); }
    size_t size() const { return values_.size(); }
    double at(double share) const
    {
        std::vector<double> sorted = values_;
        std::sort(sorted.begin(), sorted.end());
        return sorted.empty() ? 0 : sorted[std::min(sorted.size() - 1, static_cast<size_t>(share * sorted.size()))];
    }

  private:
    std::vector<double> values_;
};

// What a worker beside the victim does: when it was last seen to commit, and the longest that it did not.
struct Neighbour {
    std::string stage;
    uint32_t worker;
    uint64_t transactions = 0, moved_at = 0, longest = 0;
};

struct Figures {
    Sample total, parts[7];
    Sample stalls, calm;   // longest gaps of a neighbour: around a death, and when nobody dies
    uint64_t restarts = 0; // of neighbours
    std::string pages;     // as the host reports them
};

const char *const PART_NAMES[] = {"kill to waitid()", "message, repair", "next worker asked for", "message, fork",
                                  "recover",          "open()",          "first frame committed"};

class Bench
{
  public:
    Bench(const char *pages, uint32_t seed);
    ~Bench();
    Bench(const Bench &) = delete;
    Bench &operator=(const Bench &) = delete;

    void measure(int kills);
    Figures finish();

  private:
    void start();
    void settle_down(uint32_t worker);
    void calm(uint32_t worker);
    void kill_one(uint32_t worker);
    void watch(std::vector<Neighbour> &neighbours);
    std::vector<Neighbour> neighbours_of(uint32_t worker) const;
    void note(uint32_t worker, uint64_t killed);
    std::string in_folder(const char *name) const { return folder_ + "/" + name; }

    std::string folder_;
    pid_t host_ = -1;
    std::unique_ptr<soak::Mirror> mirror_;
    std::mt19937 random_;
    Figures figures_;
};

std::string configuration(const char *pages)
{
    return std::string("name = \"recovery\"; memory = \"512M\"; huge_pages = \"") + pages +
           "\";\nstages = (\n"
           "  { name = \"source\"; processor = \"recovery.paced\"; options = { period = \"250us\"; }; },\n"
           "  { name = \"before\"; processor = \"recovery.work\"; workers = 1; options = { period = \"10us\"; }; },\n"
           "  { name = \"victim\"; processor = \"recovery.work\"; workers = 2; options = { period = \"100us\"; }; },\n"
           "  { name = \"after\"; processor = \"recovery.work\"; workers = 1; options = { period = \"10us\"; }; },\n"
           "  { name = \"end\"; processor = \"core.null\"; }\n);\n";
}

Bench::Bench(const char *pages, uint32_t seed) : random_(seed)
{
    std::string pattern = (std::filesystem::temp_directory_path() / "micropipe-recovery-XXXXXX").string();
    if (!mkdtemp(pattern.data()))
        throw std::runtime_error("cannot make a temporary folder");
    folder_ = pattern;
    std::ofstream(in_folder("recovery.cfg")) << configuration(pages);
    mirror_ = std::make_unique<soak::Mirror>(in_folder("recovery.cfg"), MICROPIPE_PACKS);
    start();
}

Bench::~Bench()
{
    if (host_ > 0) {
        kill(host_, SIGKILL);
        waitpid(host_, nullptr, 0);
    }
    std::filesystem::remove_all(folder_);
}

void Bench::start()
{
    uint64_t end = clock_monotonic() + PATIENCE_NS;
    host_ = fork();
    if (host_ == 0) {
        const sched_param normal = {};
        sched_setscheduler(0, SCHED_OTHER, &normal);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (auto [file, fd] : {std::pair{"summary", STDOUT_FILENO}, std::pair{"log", STDERR_FILENO}})
            dup2(open(in_folder(file).c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644), fd);
        execl(MICROPIPE_PROGRAM, MICROPIPE_PROGRAM, "run", in_folder("recovery.cfg").c_str(), "--json", "--quiet",
              "--plugin-path", MICROPIPE_PACKS, nullptr);
        _exit(127);
    }
    while (!mirror_->attach(host_) || !mirror_->read_control()) {
        if (waitpid(host_, nullptr, WNOHANG) != 0 || clock_monotonic() > end) {
            std::ifstream log(in_folder("log"));
            std::string why((std::istreambuf_iterator<char>(log)), {});
            throw std::runtime_error("micropipe does not start: " + why);
        }
        wait_ns(NS_PER_MS);
    }
}

std::vector<Neighbour> Bench::neighbours_of(uint32_t worker) const
{
    return {{"source", 0}, {"before", 0}, {"victim", (worker + 1) % VICTIMS}, {"after", 0}, {"end", 0}};
}

void Bench::watch(std::vector<Neighbour> &neighbours)
{
    for (Neighbour &n : neighbours) {
        mirror_->read_slot(n.stage, n.worker);
        uint64_t transactions = mirror_->transactions(n.stage, n.worker), now = clock_monotonic();
        if (n.moved_at)
            n.longest = std::max(n.longest, now - n.moved_at);
        if (transactions != n.transactions || n.moved_at == 0) {
            n.transactions = transactions;
            n.moved_at = now;
        }
    }
}

// Until the worker is up, and has had a frame.
void Bench::settle_down(uint32_t worker)
{
    uint64_t end = clock_monotonic() + PATIENCE_NS;
    do {
        if (clock_monotonic() > end)
            throw std::runtime_error("a worker does not come to its first frame");
        wait_ns(NS_PER_MS);
        mirror_->read_slot("victim", worker);
    } while (au64_relaxed(&mirror_->slot_of("victim", worker)->flowing) == 0);
    wait_ns(BEFORE_NS + random_() % BEFORE_NS);
}

// What the neighbours do when nobody dies, for as long as a recovery is watched at least.
void Bench::calm(uint32_t worker)
{
    std::vector<Neighbour> neighbours = neighbours_of(worker);
    uint64_t end = clock_monotonic() + 2 * AFTER_NS;
    for (watch(neighbours); clock_monotonic() < end; wait_ns(LOOK_NS))
        watch(neighbours);
    for (const Neighbour &n : neighbours)
        figures_.calm.add(static_cast<double>(n.longest) / NS_PER_MS);
}

void Bench::kill_one(uint32_t worker)
{
    std::vector<Neighbour> neighbours = neighbours_of(worker);
    const std::string name = "victim/" + std::to_string(worker);
    pid_t pid = 0;
    for (const soak::Process &p : soak::descendants(host_))
        if (p.name == name)
            pid = p.pid;
    if (pid == 0)
        throw std::runtime_error(name + " is not there");
    for (uint64_t end = clock_monotonic() + AFTER_NS; clock_monotonic() < end; wait_ns(LOOK_NS))
        watch(neighbours);
    for (Neighbour &n : neighbours)
        n.longest = 0;
    uint64_t killed = clock_monotonic(), end = killed + PATIENCE_NS;
    kill(pid, SIGKILL);
    for (bool flows = false; clock_monotonic() < end; wait_ns(LOOK_NS)) {
        watch(neighbours);
        mirror_->read_slot("victim", worker);
        const slot *s = mirror_->slot_of("victim", worker);
        if (!flows && au64_relaxed(&s->died) > killed && au64_relaxed(&s->started) > killed &&
            au64_relaxed(&s->flowing) > killed) {
            flows = true;
            end = clock_monotonic() + AFTER_NS;
            note(worker, killed);
        }
    }
    for (const Neighbour &n : neighbours)
        figures_.stalls.add(static_cast<double>(n.longest) / NS_PER_MS);
}

void Bench::note(uint32_t worker, uint64_t killed)
{
    const slot *s = mirror_->slot_of("victim", worker);
    const au64 *marks[] = {&s->died, &s->settled, &s->asked, &s->started, &s->recovered, &s->opened, &s->flowing};
    uint64_t before = killed;
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        uint64_t at = au64_relaxed(marks[i]);
        figures_.parts[i].add((static_cast<double>(at) - static_cast<double>(before)) / NS_PER_MS);
        before = at;
    }
    figures_.total.add(static_cast<double>(before - killed) / NS_PER_MS);
}

void Bench::measure(int kills)
{
    for (int i = 0; i < kills; i++) {
        uint32_t worker = static_cast<uint32_t>(i) % VICTIMS;
        for (uint32_t w = 0; w < VICTIMS; w++)
            settle_down(w);
        calm(worker);
        kill_one(worker);
    }
    if (figures_.total.size() != static_cast<size_t>(kills))
        throw std::runtime_error("a stage did not flow again");
}

Figures Bench::finish()
{
    size_t i;
    json_t *stage;
    kill(host_, SIGTERM);
    waitpid(host_, nullptr, 0);
    host_ = -1;
    std::unique_ptr<json_t, void (*)(json_t *)> summary(json_load_file(in_folder("summary").c_str(), 0, nullptr),
                                                        json_decref);
    if (!summary)
        throw std::runtime_error("there is no summary");
    json_array_foreach(json_object_get(summary.get(), "stages"), i,
                       stage) if (strcmp(json_string_value(json_object_get(stage, "name")), "victim") != 0)
        figures_.restarts += static_cast<uint64_t>(json_integer_value(json_object_get(stage, "restarts")));
    figures_.pages = json_string_value(json_object_get(json_object_get(summary.get(), "memory"), "report"));
    return figures_;
}

void print(const char *what, const Figures &f)
{
    printf("%s: %s\n", what, f.pages.c_str());
    printf("  %-36s %8s %8s %8s\n", "ms", "median", "p99", "most");
    auto row = [](const char *name, const Sample &s) {
        printf("  %-36s %8.3f %8.3f %8.3f\n", name, s.at(0.5), s.at(0.99), s.at(1));
    };
    row("death to the first frame committed", f.total);
    for (size_t i = 0; i < sizeof PART_NAMES / sizeof *PART_NAMES; i++)
        row((std::string("  ") + PART_NAMES[i]).c_str(), f.parts[i]);
    row("a neighbour's longest stall", f.stalls);
    row("  the same when nobody dies", f.calm);
    printf("  %zu deaths, %llu neighbours restarted; median <= 10, p99 <= 50: %s; stall p99 < 5: %s\n\n",
           f.total.size(), static_cast<unsigned long long>(f.restarts),
           f.total.at(0.5) <= 10 && f.total.at(0.99) <= 50 ? "met" : "missed",
           f.stalls.at(0.99) < 5 && f.restarts == 0 ? "met" : "missed");
}

// The pool of huge pages, made large enough for as long as this lives, if that is allowed.
class Pool
{
  public:
    Pool()
    {
        std::ifstream(FILE_NAME) >> before_;
        std::ofstream(FILE_NAME) << before_ + HUGE_PAGES_WANTED << std::flush;
        long now = 0;
        std::ifstream(FILE_NAME) >> now;
        is_there_ = now >= before_ + HUGE_PAGES_WANTED;
    }
    ~Pool() { std::ofstream(FILE_NAME) << before_ << std::flush; }
    Pool(const Pool &) = delete;
    Pool &operator=(const Pool &) = delete;
    bool is_there() const { return is_there_; }

  private:
    static constexpr const char *FILE_NAME = "/proc/sys/vm/nr_hugepages";
    long before_ = 0;
    bool is_there_ = false;
};

void run(const char *what, const char *pages, int kills)
{
    Bench bench(pages, 1);
    bench.measure(kills);
    print(what, bench.finish());
}

void run_on_huge_pages(int kills)
{
    Pool pool;
    if (pool.is_there())
        run("huge pages", "require", kills);
    else
        printf("huge pages: left out: the pool cannot be made larger (root can, unless memory is too fragmented)\n\n");
}

} // namespace

int main(int argc, char **argv)
{
    int kills = argc > 1 ? atoi(argv[1]) : KILLS;
    const std::string only = argc > 2 ? argv[2] : "";
    auto wanted = [&](const char *kind) { return only.empty() || only == kind; };
    if (argc > 3 || kills < 1 || kills > 100000 || !(wanted("huge") || wanted("transparent") || wanted("small"))) {
        fprintf(stderr, "usage: bench_recovery [KILLS [huge | transparent | small]]\n");
        return 2;
    }
    const sched_param first = {1}; /* it looks on time, or would take its own delay for a stall */
    bool on_time = sched_setscheduler(0, SCHED_FIFO, &first) == 0;
    printf("a worker of a pipeline of five stages is killed, %d times; %ld cores%s\n\n", kills,
           sysconf(_SC_NPROCESSORS_ONLN),
           on_time ? "" : "; this is not root, so its looks may be late, and stalls seem longer");
    try {
        if (wanted("huge"))
            run_on_huge_pages(kills);
        if (wanted("transparent"))
            run("transparent huge pages", "try", kills);
        if (wanted("small"))
            run("small pages", "off", kills);
    } catch (const std::exception &wrong) {
        fprintf(stderr, "bench_recovery: %s\n", wrong.what());
        return 1;
    }
    return 0;
}
