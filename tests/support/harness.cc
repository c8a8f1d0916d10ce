#include "harness_parts.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>
#include <stdexcept>

#include <dlfcn.h>

#include <gtest/gtest.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>
#endif

namespace harness
{

bool operator==(const FrameData &a, const FrameData &b)
{
    return a.bytes == b.bytes && a.attributes == b.attributes && a.sequence == b.sequence && a.key == b.key &&
           a.time_ns == b.time_ns && a.type == b.type && a.port == b.port;
}

void PrintTo(const FrameData &frame, std::ostream *to)
{
    *to << "{sequence " << frame.sequence << ", key " << frame.key << ", time " << frame.time_ns << ", type "
        << frame.type << ", port " << frame.port << ", " << frame.bytes.size() << " bytes "
        << testing::PrintToString(frame.bytes.substr(0, 64));
    for (const auto &[name, value] : frame.attributes)
        *to << ", " << name << "=" << testing::PrintToString(value.substr(0, 64));
    *to << "}";
}

std::vector<const mpipe_processor *> processors(const std::string &pack)
{
    const std::string file = std::string(MICROPIPE_PACKS_DIR) + "/" + pack + "/" + pack + ".so";
    void *handle = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!handle)
        throw std::runtime_error(dlerror());
    const auto entry = reinterpret_cast<const mpipe_plugin *(*)()>(dlsym(handle, "mpipe_plugin_v1"));
    if (!entry)
        throw std::runtime_error(file + " has no mpipe_plugin_v1");
    std::vector<const mpipe_processor *> all;
    for (const mpipe_processor *const *p = entry()->processors; *p; p++)
        all.push_back(*p);
    return all;
}

const mpipe_processor *processor(const std::string &pack, const std::string &name)
{
    for (const mpipe_processor *p : processors(pack))
        if (name == p->name)
            return p;
    throw std::runtime_error("the pack " + pack + " has no processor " + name);
}

std::vector<std::string> table_problems(const mpipe_processor *p)
{
    std::vector<std::string> problems;
    const auto require = [&problems](bool good, const char *problem) {
        if (!good)
            problems.emplace_back(problem);
    };
    require(p->struct_size == sizeof *p, "struct_size is wrong");
    require(p->summary && *p->summary && !std::strchr(p->summary, '\n'), "no summary of one line");
    require(p->example && *p->example && !std::strchr(p->example, '\n'), "no example of one line");
    require(!p->process != !p->run, "needs either process or run");
    require(!p->run || !p->flush, "flush belongs to process, not to run");
    require(p->state_size <= 65536, "the state is above 64 KiB");
    require(!(p->flags & MPIPE_SOURCE) || !p->inputs, "a source with inputs");
    for (const mpipe_port *const *ports : {p->inputs, p->outputs})
        for (; ports && *ports; ports++)
            require((*ports)->name && (*ports)->doc && *(*ports)->doc, "a port without name or doc");
    try {
        const OptionValues values(p->options);
    } catch (const std::invalid_argument &e) {
        problems.emplace_back(e.what());
    }
    return problems;
}

Host::Block::Block(uint64_t size) : data(nullptr), capacity(size)
{
    void *memory = nullptr;
    if (posix_memalign(&memory, 64, size))
        throw std::bad_alloc();
    data = static_cast<uint8_t *>(memory);
}

Host::Block::Block(const std::string &content, uint64_t size) : Block(size)
{
    std::memcpy(data, content.data(), std::min<uint64_t>(content.size(), size));
}

Host::Block::~Block()
{
    std::free(data);
}

// ---- before the start, and the script ----

Host::Host(const mpipe_processor *p) : p_(p), options_(p->options), committed_state_(p->state_size)
{
    Calls::fill(this, &host_, &io_, &wait_);
}

Host::~Host()
{
    if (open_)
        close();
#if defined(__SANITIZE_ADDRESS__)
    if (shared_) /* what load() made lives as long as its process */
        __lsan_ignore_object(shared_);
#endif
}

Host &Host::set(const std::string &option, const std::string &text)
{
    options_.set(option, text);
    return *this;
}

Host &Host::max_frame(uint64_t bytes)
{
    host_.max_frame = bytes;
    return *this;
}

Host &Host::outputs_max(size_t frames)
{
    outputs_max_ = frames;
    return *this;
}

Host &Host::commit_every(size_t calls)
{
    commit_every_ = calls;
    return *this;
}

Host &Host::worker(uint32_t number, uint32_t of)
{
    host_.worker = number;
    host_.workers_max = of;
    return *this;
}

Host &Host::without_extensions()
{
    extensions_ = false;
    return *this;
}

Host &Host::give(FrameData frame)
{
    auto slot = std::make_shared<Slot>();
    slot->block = std::make_shared<Block>(frame.bytes, frame.bytes.size());
    slot->data = std::move(frame);
    events_.push_back({Kind::frame, std::move(slot)});
    return *this;
}

Host &Host::give_bytes(const std::string &bytes, Attributes attributes)
{
    FrameData frame;
    frame.bytes = bytes;
    frame.attributes = std::move(attributes);
    frame.sequence = next_sequence_++;
    return give(std::move(frame));
}

Host &Host::idle()
{
    events_.push_back({Kind::idle, nullptr});
    return *this;
}

Host &Host::pressure()
{
    events_.push_back({Kind::pressure, nullptr});
    return *this;
}

Host &Host::stop()
{
    events_.push_back({Kind::stop, nullptr});
    return *this;
}

Host &Host::die_at(uint64_t point)
{
    die_at_.insert(point);
    return *this;
}

Host &Host::fail_create_at(uint64_t nth)
{
    fail_create_at_.insert(nth);
    return *this;
}

Host &Host::full_flushes(size_t n)
{
    full_flushes_ = n;
    return *this;
}

Host &Host::before_wait(std::function<void()> hook)
{
    before_wait_ = std::move(hook);
    return *this;
}

std::vector<std::string> Host::output_bytes(uint32_t port) const
{
    std::vector<std::string> bytes;
    for (const Output &output : outputs_)
        if (output.port == port)
            bytes.push_back(output.bytes);
    return bytes;
}

std::string Host::trouble() const
{
    std::string all = reason_;
    for (const LogLine &line : logs_)
        all += "\n" + line.text;
    return all;
}

bool Host::logged(const std::string &part) const
{
    return std::any_of(logs_.begin(), logs_.end(),
                       [&part](const LogLine &line) { return line.text.find(part) != std::string::npos; });
}

bool Host::stopping() const
{
    return stop_requested_ || (!events_.empty() && events_.front().kind == Kind::stop);
}

// ---- frames and transactions ----

void Host::point()
{
    if (die_at_.count(++points_))
        throw Death();
}

bool Host::memory_fails()
{
    const bool fails = fail_create_at_.count(++creates_) > 0;
    create_failed_ |= fails;
    return fails;
}

Host::View *Host::view_of(const mpipe_frame *frame, const char *call)
{
    for (Views *views : {&views_, &kept_views_}) {
        const auto found = views->find(frame);
        if (in_call_ && found != views->end() && !found->second->released)
            return found->second.get();
    }
    ADD_FAILURE() << call << "() with a frame that is not the processor's, or outside process, run and flush";
    return nullptr;
}

FrameData Host::data_of(const View &view) const
{
    FrameData data;
    const mpipe_frame &frame = view.frame;
    data.bytes.assign(reinterpret_cast<const char *>(view.block->data), frame.size);
    for (const auto &[name, value] : view.attributes)
        data.attributes[name].assign(reinterpret_cast<const char *>(value->data), value->capacity);
    data.sequence = frame.sequence;
    data.key = frame.key;
    data.time_ns = frame.time_ns;
    data.type = frame.type;
    if (view.slot && view.slot->data.sequence != data.sequence)
        ADD_FAILURE() << "changed the sequence of an input frame";
    const bool changed = view.slot && (view.slot->data.key != data.key || view.slot->data.type != data.type ||
                                       view.slot->data.time_ns != data.time_ns);
    if (changed && !view.writable)
        ADD_FAILURE() << "changed key, type or time of a frame that is not writable";
    return data;
}

Host::View *Host::give_view(const std::shared_ptr<Slot> &slot)
{
    auto view = std::make_unique<View>();
    view->slot = slot;
    view->block = slot->block;
    mpipe_frame &frame = view->frame;
    frame.data = slot->block->data;
    frame.size = slot->data.bytes.size();
    frame.capacity = slot->block->capacity;
    frame.sequence = slot->data.sequence;
    frame.key = slot->data.key;
    frame.time_ns = slot->data.time_ns;
    frame.type = slot->data.type;
    frame.port = slot->data.port;
    frame.attempt = slot->attempt;
    if (slot->kept)
        frame.flags = MPIPE_FRAME_KEPT;
    for (const auto &[name, value] : slot->data.attributes)
        view->attributes[name] = std::make_shared<Block>(value, value.size());
    claimed_.push_back(slot);
    slot->produced = in_hand_taken_ = false;
    in_hand_ = slot;
    View *given = view.get();
    views_[&given->frame] = std::move(view);
    return given;
}

bool Host::make_writable(mpipe_frame **frame, uint64_t capacity)
{
    View *old = view_of(*frame, "writable");
    if (old->writable && capacity <= old->frame.capacity)
        return true;
    if (!old->writable && (p_->flags & MPIPE_MUTATES) && capacity <= old->frame.capacity)
        return old->writable = true;
    if (memory_fails())
        return false;
    auto view = std::make_unique<View>(*old);
    view->block = std::make_shared<Block>(
        std::string(reinterpret_cast<const char *>(old->block->data), old->frame.size), capacity);
    view->frame.data = view->block->data;
    view->frame.capacity = capacity;
    view->writable = view->copied = true;
    view->kept = false;
    if (old->kept)
        view->slot = nullptr;
    release(old);
    *frame = &view->frame;
    views_[*frame] = std::move(view);
    return true;
}

uint64_t Host::room_of(const View &view)
{
    const mpipe_frame &frame = view.frame;
    const bool has_tail = frame.key || frame.time_ns || frame.type >= 128 || !view.attributes.empty();
    uint64_t room = has_tail ? MPIPE_TAIL_ROOM : 0;
    for (const auto &[name, value] : view.attributes)
        room += mpipe_attribute_room(name.c_str(), value->capacity);
    return room;
}

void Host::expect_room(const View &view) const
{
    const uint64_t takes = view.frame.size + room_of(view);
    if ((view.moved || takes > view.asked) && takes <= host_.max_frame)
        ADD_FAILURE() << "a frame of " << takes << " bytes, attributes, key, time and type included, must move, as "
                      << "create() was asked for less: a share of one span has no room for that";
}

/* A kept frame's view stays until the commit: a roll-back makes its pointer valid again. */
void Host::release(View *view)
{
    if (view->kept) {
        view->released = true;
        released_now_.push_back(view);
        return;
    }
    if (view->slot == in_hand_)
        in_hand_taken_ = true;
    views_.erase(&view->frame);
}

void Host::begin_call()
{
    in_call_ = true;
    create_failed_ = never_fits_ = false;
    pending_before_call_ = pending_.size();
    if (state_)
        call_state_.assign(state_->data, state_->data + state_->capacity);
}

void Host::end_call()
{
    if (in_hand_)
        in_hand_->dropped = !in_hand_->produced;
    in_hand_ = nullptr;
    in_call_ = false;
    views_.clear();
    kept_before_.insert(kept_before_.end(), kept_now_.begin(), kept_now_.end());
    released_before_.insert(released_before_.end(), released_now_.begin(), released_now_.end());
    kept_now_.clear();
    released_now_.clear();
}

void Host::roll_back()
{
    in_call_ = in_hand_taken_ = false;
    pending_.resize(std::min(pending_before_call_, pending_.size()));
    std::copy(call_state_.begin(), call_state_.end(), state_->data);
    for (View *view : released_now_)
        view->released = false;
    for (View *view : kept_now_) {
        view->slot->held = false;
        kept_views_.erase(&view->frame);
    }
    views_.clear();
    kept_now_.clear();
    released_now_.clear();
}

void Host::forget_kept(Slot *slot)
{
    if (slot->kept)
        kept_.erase(slot->place);
    slot->kept = false;
}

/* What was kept joins the kept frames in the order of keeping; what was released leaves them, and so does what came
 * again after a death and was not kept again. */
void Host::settle_kept()
{
    for (std::vector<View *> *list : {&kept_before_, &kept_now_}) {
        for (const View *view : *list) {
            if (!view->slot->kept)
                view->slot->place = kept_.insert(kept_.end(), view->slot);
            view->slot->kept = true;
        }
        list->clear();
    }
    for (std::vector<View *> *list : {&released_before_, &released_now_}) {
        for (const View *view : *list) {
            view->slot->held = false;
            forget_kept(view->slot.get());
            kept_views_.erase(&view->frame);
        }
        list->clear();
    }
    for (const auto &slot : claimed_)
        if (!slot->held && slot != in_hand_)
            forget_kept(slot.get());
}

void Host::commit()
{
    point();
    if (in_hand_taken_)
        in_hand_ = nullptr;
    settle_kept();
    for (const auto &slot : claimed_) {
        dropped_ += slot->dropped;
        slot->dropped = false;
    }
    claimed_.clear();
    if (in_hand_)
        claimed_.push_back(in_hand_);
    outputs_.insert(outputs_.end(), pending_.begin(), pending_.end());
    pending_.clear();
    dead_letters_.insert(dead_letters_.end(), pending_dead_letters_.begin(), pending_dead_letters_.end());
    pending_dead_letters_.clear();
    pending_before_call_ = calls_in_transaction_ = 0;
    if (state_)
        committed_state_.assign(state_->data, state_->data + state_->capacity);
    call_state_ = committed_state_;
    commits_++;
    point();
}

} // namespace harness
