// A fake host in one process: it drives one processor through the tables of the SDK, and can kill it at any call.
//
//     harness::Host host(harness::processor("core", "unbatch"));
//     host.set("size", "3").give({"payload"}).give({"another"});
//     ASSERT_EQ(host.drive(), MPIPE_OK) << host.trouble();
//     EXPECT_EQ(host.outputs().at(0).bytes, "payload");
//
// What it promises is what io.h and host.h say, no more: every frame and every attribute is a heap block of exactly its
// capacity (so the address sanitizer sees an overrun, and a use after the frame was given away), an input that is made
// writable moves, and what a call emitted, kept, dropped or wrote to its state counts only once its transaction
// commits. A mistake of the processor (another's frame, an unknown port or option) is a test failure at once;
// so is a created frame that must move for its attributes, key, time or type, for which a small share has no room.
//
// How a death is played: at the n-th point (each call of the SDK is a point, and so are the instants just before and
// just after a commit) an exception unwinds the processor without another instruction of it; the instance is abandoned
// without close(), a new one opens on the committed state, gets the kept frames again (MPIPE_FRAME_KEPT, attempt + 1),
// then the frames that were in hand (attempt + 1), then the rest.
//
// What run() may return besides MPIPE_OK and MPIPE_END: MPIPE_BAD_FRAME, MPIPE_RETRY and MPIPE_NO_MEMORY roll back to
// the last commit, refuse or give again the frame in hand, and call run() again on the same instance: frames kept by
// earlier transactions are still kept, under the same pointers. MPIPE_FATAL closes the instance.
//
// A source that returns MPIPE_BAD_FRAME from process() makes a dead letter without a frame. What the call emitted is
// taken back; its state stays, as that must be behind the record already.
#ifndef HARNESS_H
#define HARNESS_H

#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <ostream>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <micropipe/ext/wait.h>
#include <micropipe/micropipe.h>

#include "option_values.h"

namespace harness
{

using Attributes = std::map<std::string, std::string>;

// The content of a frame. `port`: of an input the input port, of an output the output port.
struct FrameData {
    std::string bytes;
    Attributes attributes;
    uint64_t sequence = 0;
    uint64_t key = 0;
    int64_t time_ns = 0;
    uint32_t type = MPIPE_BYTES;
    uint32_t port = 0;
};

bool operator==(const FrameData &a, const FrameData &b);
void PrintTo(const FrameData &frame, std::ostream *to); // for a failed expectation

struct Output : FrameData {
    bool forwarded = false; // an input that was handed on without a copy
};

struct DeadLetter {
    FrameData frame;
    mpipe_status status = MPIPE_OK;
    std::string reason;
};

struct LogLine {
    int32_t level;
    std::string text;
};

// The processor of a pack in MICROPIPE_PACKS_DIR. Throws std::runtime_error with dlerror's words.
const mpipe_processor *processor(const std::string &pack, const std::string &name);

// All processors of a pack. Throws as processor() does.
std::vector<const mpipe_processor *> processors(const std::string &pack);

// Problems of a processor's own tables: what the host would refuse, and what a reader would miss (summary, example,
// docs). Empty: none.
std::vector<std::string> table_problems(const mpipe_processor *p);

class Host
{
  public:
    explicit Host(const mpipe_processor *p);
    Host(const std::string &pack, const std::string &name) : Host(processor(pack, name)) {}
    ~Host(); // closes the instance if it is open
    Host(const Host &) = delete;
    Host &operator=(const Host &) = delete;

    // ---- before the start ----
    Host &set(const std::string &option, const std::string &text); // throws std::invalid_argument
    Host &max_frame(uint64_t bytes);                               // default 1 GiB
    Host &outputs_max(size_t frames);                              // what a transaction holds; default 256
    Host &commit_every(size_t calls); // process() or get() calls that share one transaction; default 1
    Host &worker(uint32_t number, uint32_t of);
    Host &without_extensions(); // the host has none

    // ---- what comes in ----
    Host &give(FrameData frame); // sequence as given; see give_bytes() for numbered ones
    Host &give_bytes(const std::string &bytes, Attributes attributes = {}); // sequence: 0, 1, 2 ...
    Host &idle();     // nothing comes for a while: get() times out, an unlimited one goes on waiting
    Host &pressure(); // a stage upstream waits for memory: flush(), or MPIPE_EMPTY from get_sync()
    Host &stop();     // this worker shall retire; drive() returns, and a later drive() opens a successor

    // ---- trouble on request ----
    Host &die_at(uint64_t point);       // counted from 1 over the whole life; may be given several times
    Host &fail_create_at(uint64_t nth); // the n-th create, writable, resize or set_attribute that needs memory fails
    Host &full_flushes(size_t n);       // the next n flush_out() calls find the readers' rings full
    Host &before_wait(std::function<void()> hook); // called in mpipe.wait/1 when it would sleep

    // load() and open(). drive() does it itself if need be.
    mpipe_status start();

    // Feeds all that was given, one instance after the other as they die; then ends the stream, flushes and closes. A
    // source runs until its end, or for `calls` calls of process(). MPIPE_OK, or why it gave up: MPIPE_BAD_CONFIG, or
    // MPIPE_FATAL or MPIPE_RETRY `attempts_max` times with the same frame (of a source: in a row).
    mpipe_status drive(uint64_t calls = UINT64_MAX);

    // As drive(), but the stream goes on: nothing is flushed or closed. Push style only.
    mpipe_status feed();

    // The worker is killed now, between two calls. A later drive() or feed() opens its successor.
    void kill();

    // Asks the worker to retire from within a hook.
    void request_stop() { stop_requested_ = true; }

    // ---- what came of it ----
    const std::vector<Output> &outputs() const { return outputs_; }
    std::vector<std::string> output_bytes(uint32_t port = 0) const;
    const std::vector<DeadLetter> &dead_letters() const { return dead_letters_; }
    const std::vector<LogLine> &logs() const { return logs_; }
    std::string trouble() const; // all log lines and reasons, for a failed assertion
    bool logged(const std::string &part) const;

    template <typename State>
    State state() const // as last committed
    {
        State s{};
        std::copy_n(committed_state_.begin(), std::min(sizeof s, committed_state_.size()),
                    reinterpret_cast<uint8_t *>(&s));
        return s;
    }
    uint64_t points() const { return points_; }
    uint64_t deaths() const { return deaths_; }
    uint64_t replaced() const { return replaced_; } // instances that said MPIPE_FATAL
    uint64_t creates() const { return creates_; }
    uint64_t commits() const { return commits_; }
    uint64_t empty_calls() const { return empty_calls_; } // of a source that returned MPIPE_EMPTY
    int64_t waited_ns() const { return waited_ns_; }      // asked of mpipe.wait/1
    size_t kept() const { return kept_.size(); }
    uint64_t dropped() const { return dropped_; } // inputs of which nothing came, on purpose
    std::pair<uint64_t, uint64_t> progress() const { return progress_; }

    uint32_t attempts_max = 3;

  private:
    friend struct Calls; // the functions behind the tables: harness_calls.cc

    struct Block;
    struct Slot;
    struct View;
    struct Death {
    }; // killed
    struct Replaced {
    }; // said MPIPE_FATAL
    enum class Kind { frame, idle, pressure, stop };
    struct Event {
        Kind kind;
        std::shared_ptr<Slot> slot;
    };

    // harness_drive.cc: instances, and what comes in
    mpipe_status open();
    void close();
    void bury();
    void requeue();
    mpipe_status drive_instance(uint64_t calls, bool end);
    mpipe_status drive_push(bool end);
    mpipe_status drive_source(uint64_t calls);
    void refuse_record();
    mpipe_status drive_run();
    mpipe_status process(const std::shared_ptr<Slot> &slot);
    mpipe_status flush();
    mpipe_status settle_failure(mpipe_status status, bool *again);
    [[noreturn]] void replace();
    mpipe_status drive_until(uint64_t calls, bool end);
    mpipe_status get(uint32_t port, int64_t timeout_ns, mpipe_frame **frame);
    bool stopping() const;

    // harness.cc: frames and transactions
    void point();
    View *view_of(const mpipe_frame *frame, const char *call);
    View *give_view(const std::shared_ptr<Slot> &slot);
    void release(View *view);
    void begin_call();
    void end_call(); // what became of the frames of this call joins the transaction
    void settle_kept();
    void forget_kept(Slot *slot);
    void roll_back(); // of this call only
    void commit();
    bool memory_fails();
    bool make_writable(mpipe_frame **frame, uint64_t capacity);
    static uint64_t room_of(const View &view); // what key, time, type and attributes take of the capacity
    void expect_room(const View &view) const;  // it need not move for those, or is among the largest
    FrameData data_of(const View &view) const;

    const mpipe_processor *p_;
    OptionValues options_;
    mpipe_host host_{};
    mpipe_io io_{};
    mpipe_ext_wait wait_{};
    void *shared_ = nullptr;
    void *self_ = nullptr;
    bool loaded_ = false, open_ = false, in_call_ = false, extensions_ = true, stop_requested_ = false;

    std::vector<uint8_t> committed_state_, call_state_;
    std::shared_ptr<Block> state_;

    std::deque<Event> events_;
    using Views = std::map<const mpipe_frame *, std::unique_ptr<View>>;
    Views views_;                                       // of this call: the input and what was created
    Views kept_views_;                                  // kept by this instance, committed or not
    std::vector<View *> kept_now_, released_now_;       // by this call
    std::vector<View *> kept_before_, released_before_; // by earlier calls of this transaction
    std::vector<std::shared_ptr<Slot>> claimed_;        // given since the last commit
    std::list<std::shared_ptr<Slot>> kept_;             // as committed, oldest first
    std::vector<Output> pending_;
    size_t pending_before_call_ = 0, calls_in_transaction_ = 0;
    std::shared_ptr<Slot> in_hand_; // what process() or the last get() gave, until it is settled
    bool in_hand_taken_ = false;    // it was emitted or dropped already
    std::string reason_;
    uint32_t failures_ = 0; // in a row, without a frame in hand

    size_t outputs_max_ = 256, commit_every_ = 1, full_flushes_ = 0;
    std::set<uint64_t> die_at_, fail_create_at_;
    std::function<void()> before_wait_;
    uint64_t next_sequence_ = 0;

    std::vector<Output> outputs_;
    std::vector<DeadLetter> dead_letters_, pending_dead_letters_; // pending: they count once the transaction commits
    std::vector<LogLine> logs_;
    uint64_t points_ = 0, deaths_ = 0, replaced_ = 0, creates_ = 0, commits_ = 0, empty_calls_ = 0, dropped_ = 0;
    bool create_failed_ = false, never_fits_ = false;
    int64_t waited_ns_ = 0;
    std::pair<uint64_t, uint64_t> progress_{0, 0};
};

} // namespace harness

#endif
