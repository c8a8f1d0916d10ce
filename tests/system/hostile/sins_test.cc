// One sin a line: a stage commits it, beside a neighbour that reads the same frames. The run ends as it should, the
// neighbour's output is that of an undisturbed run, no neighbour was restarted, and the sinner is named.
#include "running.h"

#include <csignal>
#include <gtest/gtest.h>
#include <iterator>
#include <regex>
#include <sstream>

using namespace crash;

namespace
{

// How the run ends. A frame that cost three workers is a dead letter. DAMAGED: what the stage
// shares with its neighbours may be, so only that the host lives, and ends when it is told to.
enum Ending { DONE = 0, FAILED = 1, REFUSED = 2, DEAD_LETTER = 3, DAMAGED = 4 };

// Sanitizers turn some signals into exits of their own.
struct Sin {
    const char *name; // of the option `sin`; "CALL=NAME": of the option of that call: load, open, flush, close
    Ending ending;
    const char
        *named; // a regular expression: what the log or the reason says of it; "": it did no harm, and is not told
    const char *extra = "";
};

const Sin sins[] = {
    {"fork", DONE, "evil/0: clone\\("},
    {"fork_twice", DONE, "evil/0: clone\\("},
    {"system", DONE, "evil/0: clone\\("},
    {"spawn", DONE, "evil/0: clone\\("},
    {"exec", DONE, "evil/0: execve\\("},
    {"kill_server", DONE, "evil/0: kill\\("},
    {"kill_host", DONE, "evil/0: kill\\("},
    {"kill_group", DONE, "evil/0: kill\\(0"},
    {"kill_again_and_again", DONE, "evil/0: kill\\(.*More of them are not told"},
    {"queue_signal", DONE, "evil/0: rt_sigqueueinfo\\("},
    {"pidfd_kill", DONE, "evil/0: pidfd_send_signal\\("},
    {"stop_neighbour", DONE, "evil/0: kill\\("},
    {"trace_neighbour", DONE, "evil/0: ptrace\\("},
    {"write_into_neighbour", DONE, "evil/0: process_vm_writev\\("},
    {"limit_neighbour", DONE, "evil/0: prlimit64\\("},
    {"outlive_parent", DONE, "evil/0: prctl\\(1, 0\\)"},
    {"adopt", DONE, "evil/0: prctl\\(36"},
    {"io_uring", DONE, "evil/0: io_uring_setup\\("},
    {"bpf", DONE, "evil/0: bpf\\("},
    {"userfaultfd", DONE, "evil/0: userfaultfd\\("},
    {"mount", DONE, "evil/0: mount\\("},
    {"unshare", DONE, "evil/0: unshare\\("},
    {"punch_holes", DONE, "evil/0: madvise\\("},
    {"write_file", DONE, "evil/0: openat\\(.*sandbox = \"strict\"", "sandbox = \"strict\";"},
    {"socket", DONE, "evil/0: socket\\(.*sandbox = \"strict\"", "sandbox = \"strict\";"},
    {"stop_itself", DEAD_LETTER, "evil/0: worker died of SIGKILL", "timeout = \"200ms\"; max_attempts = 1;"},
    {"hang", DEAD_LETTER, "evil/0: worker died of SIGABRT", "timeout = \"200ms\"; max_attempts = 1;"},
    {"exit", DEAD_LETTER, "evil/0: worker exited with [0-9]+ with a frame in hand"},
    {"exit_now", DEAD_LETTER, "evil/0: worker exited with [0-9]+ with a frame in hand"},
    {"abort", DEAD_LETTER, "evil/0: worker died of SIGABRT with a frame in hand"},
    {"longjmp", DEAD_LETTER, "evil/0: worker died of SIG"},
    {"end_thread", DEAD_LETTER, "evil/0: worker exited with [0-9]+ with a frame in hand"},
    {"scribble_foreign", DEAD_LETTER, "evil/0: worker died of SIGSEGV with a frame in hand"},
    {"make_writable", DEAD_LETTER, "evil/0: worker died of SIGSEGV with a frame in hand"},
    {"scribble_journal", DAMAGED, ""},
    {"scribble_tables", DAMAGED, ""},
    {"scribble_frames", DAMAGED, ""},
    {"scribble_writable", DAMAGED, "evil"},
    {"munmap", DONE, ""},
    {"map_over", DONE, ""},
    {"drop_pages", DONE, ""},
    {"null", DEAD_LETTER, "evil/0: worker (died of SIG|exited with ).*with a frame in hand"},
    {"overflow_stack", DEAD_LETTER, "evil/0: worker (died of SIG|exited with ).*with a frame in hand"},
    {"want_too_much", DONE, ""},
    {"write_past_end", DONE, ""},
    {"hoard_frames", DONE, ""},
    {"keep", DONE, ""},
    {"emit_twice", DEAD_LETTER, "evil/0: frame [0-9]+: misuse of the SDK: mpipe_emit"},
    {"emit_forged", DONE, "evil"},
    {"emit_nothing", DONE, "evil"},
    {"emit_nowhere", DONE, "evil"},
    {"lie", DEAD_LETTER, "evil/0: .*returned a status that is not one of its own"},
    {"lie_below_zero", DEAD_LETTER, "evil/0: .*unknown status"},
    {"close_all", DONE, ""},
    {"log_bytes", DONE, "evil/0: frame [0-9]+: "},
    {"flood_log", DONE, "evil/0: frame [0-9]+: flood 4999"},
    {"handle_signals", DONE, ""},
    {"set_timer", DONE, ""},
    {"change_folder", DONE, ""},
    {"change_locale", DONE, ""},
    {"change_rounding", DONE, ""},
    {"change_umask", DONE, ""},
    {"change_limits", DONE, ""},
    {"leave_thread", DONE, ""},
    {"hoard_files", DONE, ""},
    {"load=fork", DONE, "evil: process [0-9]+, while the plugin was loaded: clone\\("},
    {"load=kill_server", DONE, "evil: process [0-9]+, while the plugin was loaded: kill\\("},
    {"load=handle_signals", DONE, ""},
    {"load=change_umask", DONE, ""},
    {"load=thread", REFUSED, "evil.*load\\(\\) left 1 threads running"},
    {"load=die", FAILED, "evil.*its server died .* died of SIGABRT"},
    {"load=exit", FAILED, "evil.*its server died .* exited with [0-9]+"},
    {"load=lie", FAILED, "evil.*load\\(\\) returned 12345, which is no status"},
    {"load=scribble_in_load", FAILED, "evil.*its server died .* died of SIGSEGV"},
    {"load=hang", FAILED, "evil.*not loaded within start_timeout"},
    {"open=hang_once", DONE, "evil/0: worker died of SIGABRT, as its plugin did not return in time"},
    {"flush=hang", FAILED, "evil.*its workers died 5 times without progress", "timeout = \"20ms\";"},
    {"close=hang", DONE, "evil/0: worker died of SIGABRT, as its plugin did not return in time", "timeout = \"20ms\";"},
};

// Short where it is to pass; a machine that is busy takes its time to load a plugin.
const char *start_timeout_of(const Sin &sin)
{
    const std::string name = sin.name;
    return name == "open=hang_once" || name == "load=hang" ? "1s" : "60s";
}

std::string pipeline_of(const Sin &sin)
{
    std::string name = sin.name, key = "sin";
    if (size_t equals = name.find('='); equals != std::string::npos) {
        key = name.substr(0, equals);
        name = name.substr(equals + 1);
    }
    std::ostringstream text;
    text << "memory = \"32M\";\nhuge_pages = \"off\";\ndrain_timeout = \"100ms\";\nstart_timeout = \""
         << start_timeout_of(sin) << "\";\nstages = (\n"
         << "  { name = \"source\"; processor = \"core.generate\"; options = { count = 400; size = \"64\"; }; },\n"
         << "  { name = \"evil\"; processor = \"sins.sinner\"; workers = 1; inputs = [\"source\"];\n"
         << "    options = { " << key << " = \"" << name << "\"; }; " << sin.extra << " },\n"
         << "  { name = \"end\"; processor = \"core.null\"; inputs = [\"evil\"]; },\n"
         << "  { name = \"neighbour\"; processor = \"debug.checksum\"; inputs = [\"source\"];\n"
         << "    options = { path = \"sum\"; }; }\n);\n";
    return text.str();
}

// What the neighbour writes when nobody sins.
std::string undisturbed()
{
    Folder folder;
    write_file(folder / "p.cfg", pipeline_of({"", DONE, ""}));
    Running run(folder, {"p.cfg"});
    EXPECT_EQ(run.finish().exit_code, 0);
    return read_file(folder / "sum");
}

// A stage whose ring is no ring any more may wait for ever.
void stop_when_still(Running &run, const Folder &folder)
{
    auto late = std::chrono::steady_clock::now() + std::chrono::seconds(2);
    if (run.wait_until([&] { return !read_file(folder / "sum").empty() || std::chrono::steady_clock::now() > late; }))
        kill(run.pid(), SIGTERM);
}

class Hostile : public testing::TestWithParam<Sin>
{
};

// They are about states, not about memory errors: under a sanitizer a few do.
std::vector<Sin> chosen()
{
#ifdef __SANITIZE_ADDRESS__
    const size_t step = 6;
#else
    const size_t step = 1;
#endif
    std::vector<Sin> some;
    for (size_t i = 0; i < std::size(sins); i += step)
        some.push_back(sins[i]);
    return some;
}

std::string name_of(const testing::TestParamInfo<Sin> &info)
{
    return std::regex_replace(std::string(info.param.name), std::regex("="), "_");
}

} // namespace

TEST_P(Hostile, HarmsNobodyElseAndIsNamed)
{
    const Sin &sin = GetParam();
    Folder folder;
    write_file(folder / "p.cfg", pipeline_of(sin));
    Running run(folder, {"p.cfg"});
    if (sin.ending == DAMAGED)
        stop_when_still(run, folder);
    Result result = run.finish();
    std::string told = result.errors + "\n" + result.reason;
    if (sin.ending == DAMAGED)
        EXPECT_GE(result.exit_code, 0) << "the host died";
    else
        EXPECT_EQ(result.exit_code, sin.ending) << told;
    EXPECT_TRUE(std::regex_search(told, std::regex(sin.named))) << told;
    EXPECT_TRUE(run.descendants().empty());
    if (sin.ending == FAILED || sin.ending == REFUSED || sin.ending == DAMAGED)
        return; // the pipeline ends with the stage: there is no neighbour's output to compare
    EXPECT_EQ(read_file(folder / "sum"), undisturbed());
    for (const char *other : {"source", "end", "neighbour"})
        EXPECT_EQ(result.stages[other]["restarts"], 0) << other << "\n" << told;
    EXPECT_EQ(broken_identity(result), "");
}

INSTANTIATE_TEST_SUITE_P(Sins, Hostile, testing::ValuesIn(chosen()), name_of);
