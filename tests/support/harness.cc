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

const mpipe_processor *processor(const std::string &pack, const std::string &name)
{
    const std::string file = std::string(MICROPIPE_PACKS_DIR) + "/" + pack + "/" + pack + ".so";
    void *handle = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!handle)
        throw std::runtime_error(dlerror());
    const auto entry = reinterpret_cast<const mpipe_plugin *(*)()>(dlsym(handle, "mpipe_plugin_v1"));
    if (!entry)
        throw std::runtime_error(file + " has no mpipe_plugin_v1");
    const mpipe_plugin *plugin = entry();
    for (const mpipe_processor *const *p = plugin->processors; *p; p++)
        if (name == (*p)->name)
            return *p;
    throw std::runtime_error(file + " has no processor " + name);
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
    const auto found = in_call_ ? views_.find(frame) : views_.end();
    if (found != views_.end() && !found->second->released)
        return found->second.get();
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
    if (std::count(kept_.begin(), kept_.end(), slot))
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
    view->kept = view->kept_in_call = false;
    if (old->kept)
        view->slot = nullptr;
    release(old);
    *frame = &view->frame;
    views_[*frame] = std::move(view);
    return true;
}

/* A kept frame's view stays until the commit: a roll-back makes its pointer valid again. */
void Host::release(View *view)
{
    if (view->slot == in_hand_ && !view->kept)
        in_hand_taken_ = true;
    if (view->kept)
        view->released = view->released_in_call = true;
    else
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
    if (in_hand_ && !in_hand_->produced) {
        const bool kept = std::any_of(views_.begin(), views_.end(),
                                      [this](const auto &v) { return v.second->slot == in_hand_ && v.second->kept; });
        in_hand_->dropped = !kept;
    }
    in_hand_ = nullptr;
    in_call_ = false;
    for (auto v = views_.begin(); v != views_.end();) {
        v->second->kept_in_call = v->second->released_in_call = false;
        v = v->second->kept ? std::next(v) : views_.erase(v);
    }
}

void Host::roll_back()
{
    in_call_ = false;
    pending_.resize(std::min(pending_before_call_, pending_.size()));
    std::copy(call_state_.begin(), call_state_.end(), state_->data);
    for (auto v = views_.begin(); v != views_.end();) {
        View &view = *v->second;
        if (view.released_in_call)
            view.released = view.released_in_call = false;
        v = view.kept && !view.kept_in_call ? std::next(v) : views_.erase(v);
    }
}

void Host::commit()
{
    point();
    std::vector<View *> kept;
    for (auto v = views_.begin(); v != views_.end();) {
        View &view = *v->second;
        view.kept_in_call = view.released_in_call = false;
        if (view.kept && view.released)
            kept_.erase(std::remove(kept_.begin(), kept_.end(), view.slot), kept_.end());
        else if (view.kept && !std::count(kept_.begin(), kept_.end(), view.slot))
            kept.push_back(&view);
        v = view.released ? views_.erase(v) : std::next(v);
    }
    std::sort(kept.begin(), kept.end(), [](View *a, View *b) { return a->kept_serial < b->kept_serial; });
    for (const View *view : kept)
        kept_.push_back(view->slot);
    for (const auto &slot : claimed_) {
        const bool held = std::any_of(views_.begin(), views_.end(),
                                      [&slot](const auto &v) { return v.second->slot == slot && v.second->kept; });
        if (!held && slot != in_hand_) /* a kept frame that came again and was not kept again */
            kept_.erase(std::remove(kept_.begin(), kept_.end(), slot), kept_.end());
        dropped_ += slot->dropped;
        slot->dropped = false;
    }
    claimed_.clear();
    if (in_hand_ && !in_hand_taken_)
        claimed_.push_back(in_hand_);
    outputs_.insert(outputs_.end(), pending_.begin(), pending_.end());
    pending_.clear();
    pending_before_call_ = calls_in_transaction_ = 0;
    if (state_)
        committed_state_.assign(state_->data, state_->data + state_->capacity);
    call_state_ = committed_state_;
    commits_++;
    point();
}

} // namespace harness
