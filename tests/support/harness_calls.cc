#include "harness_parts.h"

#include <cstdarg>
#include <cstdio>
#include <cstring>

#include <poll.h>

#include <gtest/gtest.h>

namespace harness
{

namespace
{

constexpr uint64_t attributes_max = 64 * 1024;
constexpr size_t kept_max = 4096;
constexpr size_t reason_max = 512;

__attribute__((format(printf, 1, 0))) std::string formatted(const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    const int length = std::vsnprintf(nullptr, 0, format, again);
    va_end(again);
    std::string text(length < 0 ? 0 : static_cast<size_t>(length) + 1, '\0');
    std::vsnprintf(&text[0], text.size(), format, args);
    text.resize(text.empty() ? 0 : text.size() - 1);
    return text;
}

uint32_t port_count(const mpipe_port *const *ports)
{
    uint32_t n = 0;
    while (ports && ports[n])
        n++;
    return ports ? n : 1;
}

} // namespace

void Calls::fill(Host *host, mpipe_host *table, mpipe_io *io, mpipe_ext_wait *wait)
{
    table->struct_size = sizeof *table;
    table->abi_minor = MPIPE_ABI_MINOR;
    table->stage = "stage";
    table->pack_dir = MICROPIPE_PACKS_DIR;
    table->workers_max = 1;
    table->context = host;
    table->extension = extension;
    table->log = log;
    table->option_int = option_int;
    table->option_float = option_float;
    table->option_text = option_text;
    table->option_count = option_count;
    table->option_item = option_item;
    table->max_frame = 1ull << 30;
    *io = {};
    io->struct_size = sizeof *io;
    io->worker = host;
    io->create = create;
    io->writable = writable;
    io->resize = resize;
    io->emit = emit;
    io->drop = drop;
    io->keep = keep;
    io->get = get;
    io->flush_out = flush_out;
    io->attribute = attribute;
    io->set_attribute = set_attribute;
    io->fail = fail;
    io->progress = progress;
    io->attribute_at = attribute_at;
    *wait = {};
    wait->struct_size = sizeof *wait;
    wait->context = host;
    wait->readable = readable;
}

mpipe_frame *Calls::create(void *worker, uint64_t capacity, const mpipe_frame *parent)
{
    Host &host = of(worker);
    host.point();
    const Host::View *from = parent ? host.view_of(parent, "create") : nullptr;
    if (parent && !from)
        return nullptr;
    if (capacity > host.host_.max_frame)
        host.never_fits_ = host.create_failed_ = true;
    if (capacity > host.host_.max_frame || host.memory_fails())
        return nullptr;
    auto view = std::make_unique<Host::View>();
    if (from) {
        view->frame = from->frame;
        view->frame.attempt = 1;
        view->frame.flags = 0;
        for (const auto &[name, value] : from->attributes)
            view->attributes[name] = std::make_shared<Host::Block>(
                std::string(reinterpret_cast<char *>(value->data), value->capacity), value->capacity);
    }
    view->block = std::make_shared<Host::Block>(capacity);
    view->frame.data = view->block->data;
    view->frame.size = 0;
    view->frame.capacity = capacity;
    view->writable = true;
    view->asked = capacity + host.room_of(*view);
    mpipe_frame *frame = &view->frame;
    host.views_[frame] = std::move(view);
    return frame;
}

uint8_t *Calls::writable(void *worker, mpipe_frame **frame)
{
    Host &host = of(worker);
    host.point();
    const Host::View *view = host.view_of(*frame, "writable");
    if (!view || !host.make_writable(frame, view->frame.capacity))
        return nullptr;
    return const_cast<uint8_t *>((*frame)->data);
}

mpipe_status Calls::resize(void *worker, mpipe_frame **frame, uint64_t size)
{
    Host &host = of(worker);
    host.point();
    Host::View *view = host.view_of(*frame, "resize");
    if (!view)
        return MPIPE_MISUSE;
    if (size > host.host_.max_frame) {
        host.never_fits_ = host.create_failed_ = true;
        return MPIPE_NO_MEMORY;
    }
    if (!view->writable || size > view->frame.capacity) {
        if (!host.make_writable(frame, std::max(size, view->frame.capacity)))
            return MPIPE_NO_MEMORY;
        view = host.view_of(*frame, "resize");
        view->asked = std::max(view->asked, size + host.room_of(*view)); /* to grow is what a processor may want */
    }
    view->frame.size = size;
    return MPIPE_OK;
}

mpipe_status Calls::emit(void *worker, uint32_t port, mpipe_frame *frame)
{
    Host &host = of(worker);
    host.point();
    Host::View *view = host.view_of(frame, "emit");
    if (!view)
        return MPIPE_MISUSE;
    if (port >= port_count(host.p_->outputs)) {
        ADD_FAILURE() << "emit() to port " << port << ", which is not in the processor's table";
        return MPIPE_MISUSE;
    }
    if (host.pending_.size() - (host.p_->run ? 0 : host.pending_before_call_) >= host.outputs_max_) {
        if (host.p_->run)
            return MPIPE_FULL;
        host.commit(); /* a RESUMABLE processor's state says, at this instant, what was emitted before this frame */
        host.begin_call();
    }
    const bool more_room = view->frame.key || view->frame.time_ns || view->frame.type;
    if (!view->slot && more_room && host.memory_fails()) /* a host may need another block for them */
        return MPIPE_NO_MEMORY;
    host.expect_room(*view);
    Output output;
    static_cast<FrameData &>(output) = host.data_of(*view);
    output.port = port;
    output.forwarded = view->slot && !view->copied;
    host.pending_.push_back(std::move(output));
    if (host.in_hand_)
        host.in_hand_->produced = true;
    host.release(view);
    return MPIPE_OK;
}

void Calls::drop(void *worker, mpipe_frame *frame)
{
    Host &host = of(worker);
    host.point();
    if (Host::View *view = host.view_of(frame, "drop"))
        host.release(view);
}

mpipe_status Calls::keep(void *worker, mpipe_frame *frame)
{
    Host &host = of(worker);
    host.point();
    Host::View *view = host.view_of(frame, "keep");
    if (!view)
        return MPIPE_MISUSE;
    if (!view->slot || view->copied) {
        ADD_FAILURE() << "keep() of a frame that is not an input";
        return MPIPE_MISUSE;
    }
    if (view->kept)
        return MPIPE_OK;
    if (host.kept_views_.size() >= kept_max) /* what this transaction releases counts until it is committed */
        return MPIPE_FULL;
    view->kept = view->slot->held = true;
    if (view->slot == host.in_hand_)
        view->slot->produced = host.in_hand_taken_ = true;
    host.kept_now_.push_back(view);
    const auto moved = host.views_.find(frame);
    host.kept_views_[frame] = std::move(moved->second);
    host.views_.erase(moved);
    return MPIPE_OK;
}

mpipe_status Calls::get(void *worker, uint32_t port, int64_t timeout_ns, mpipe_frame **frame)
{
    Host &host = of(worker);
    host.point();
    if (!host.in_call_ || !host.p_->run || (host.p_->flags & MPIPE_SOURCE)) {
        ADD_FAILURE() << "get() outside run(), or in a source";
        return MPIPE_MISUSE;
    }
    return host.get(port, timeout_ns, frame);
}

mpipe_status Calls::flush_out(void *worker, int64_t timeout_ns)
{
    Host &host = of(worker);
    host.point();
    if (!host.in_call_ || !host.p_->run) {
        ADD_FAILURE() << "flush_out() outside run()";
        return MPIPE_MISUSE;
    }
    if (host.full_flushes_ && timeout_ns >= 0) {
        host.full_flushes_--;
        return timeout_ns ? MPIPE_TIMEOUT : MPIPE_FULL;
    }
    host.commit();
    host.begin_call();
    return host.stopping() ? MPIPE_STOP : MPIPE_OK;
}

mpipe_status Calls::attribute(void *worker, const mpipe_frame *frame, const char *name, const void **value,
                              uint64_t *size)
{
    Host &host = of(worker);
    host.point();
    *value = nullptr;
    *size = 0;
    const Host::View *view = host.view_of(frame, "attribute");
    if (!view)
        return MPIPE_MISUSE;
    const auto found = view->attributes.find(name);
    if (found == view->attributes.end())
        return MPIPE_EMPTY;
    *value = found->second->data;
    *size = found->second->capacity;
    return MPIPE_OK;
}

mpipe_status Calls::attribute_at(void *worker, const mpipe_frame *frame, uint32_t index, const char **name,
                                 const void **value, uint64_t *size)
{
    Host &host = of(worker);
    host.point();
    *name = nullptr;
    *value = nullptr;
    *size = 0;
    const Host::View *view = host.view_of(frame, "attribute_at");
    if (!view)
        return MPIPE_MISUSE;
    if (index >= view->attributes.size())
        return MPIPE_EMPTY;
    const auto found = std::next(view->attributes.begin(), index);
    *name = found->first.c_str();
    *value = found->second->data;
    *size = found->second->capacity;
    return MPIPE_OK;
}

mpipe_status Calls::set_attribute(void *worker, mpipe_frame **frame, const char *name, const void *value, uint64_t size)
{
    Host &host = of(worker);
    host.point();
    Host::View *view = host.view_of(*frame, "set_attribute");
    if (!view)
        return MPIPE_MISUSE;
    const std::string content(static_cast<const char *>(value), value ? size : 0); /* may point into the frame */
    const size_t name_length = std::strlen(name);
    uint64_t total = name_length + content.size();
    for (const auto &entry : view->attributes)
        total += entry.first == name ? 0 : entry.first.size() + entry.second->capacity;
    if (!name_length || name_length > 255 || total > attributes_max)
        return MPIPE_MISUSE;
    if (!view->writable ? !host.make_writable(frame, view->frame.capacity) : host.memory_fails())
        return MPIPE_NO_MEMORY;
    view = host.view_of(*frame, "set_attribute");
    for (auto &entry : view->attributes) /* every value moves, so that a stale pointer is seen */
        entry.second = std::make_shared<Host::Block>(
            std::string(reinterpret_cast<char *>(entry.second->data), entry.second->capacity), entry.second->capacity);
    if (value)
        view->attributes[name] = std::make_shared<Host::Block>(content, content.size());
    else
        view->attributes.erase(name);
    view->moved |= view->frame.size + host.room_of(*view) > view->asked;
    return MPIPE_OK;
}

mpipe_status Calls::fail(void *worker, mpipe_status status, const char *format, ...)
{
    Host &host = of(worker);
    host.point();
    va_list args;
    va_start(args, format);
    host.reason_ = formatted(format, args).substr(0, reason_max);
    va_end(args);
    host.logs_.push_back({MPIPE_LOG_ERROR, host.reason_});
    return status;
}

void Calls::progress(void *worker, uint64_t done, uint64_t total)
{
    of(worker).point();
    of(worker).progress_ = {done, total};
}

mpipe_status Calls::readable(void *context, int32_t fd, int64_t timeout_ns)
{
    Host &host = of(context);
    host.point();
    pollfd waiting = {fd, POLLIN, 0};
    for (int round = 0; round < 2; round++) {
        if (host.stopping())
            return MPIPE_STOP;
        if (fd >= 0 && poll(&waiting, 1, 0) > 0)
            return MPIPE_OK;
        if (round == 0 && host.before_wait_)
            host.before_wait_();
    }
    if (timeout_ns < 0) {
        ADD_FAILURE() << "waits for ever for something that never comes";
        return MPIPE_STOP;
    }
    host.waited_ns_ += timeout_ns;
    return MPIPE_TIMEOUT;
}

const void *Calls::extension(void *context, const char *id)
{
    Host &host = of(context);
    return host.extensions_ && !std::strcmp(id, MPIPE_EXT_WAIT) ? &host.wait_ : nullptr;
}

void Calls::log(void *context, int32_t level, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    of(context).logs_.push_back({level, formatted(format, args)});
    va_end(args);
}

const OptionValue &Calls::option(void *context, const char *name)
{
    static const OptionValue none;
    const OptionValue *value = of(context).options_.find(name);
    if (!value)
        ADD_FAILURE() << "reads option '" << name << "', which is not in its table";
    return value ? *value : none;
}

int64_t Calls::option_int(void *context, const char *name)
{
    return option(context, name).integer;
}

double Calls::option_float(void *context, const char *name)
{
    return option(context, name).number;
}

const char *Calls::option_text(void *context, const char *name)
{
    return option(context, name).text.c_str();
}

uint32_t Calls::option_count(void *context, const char *name)
{
    return static_cast<uint32_t>(option(context, name).items.size());
}

const char *Calls::option_item(void *context, const char *name, uint32_t index)
{
    return option(context, name).items.at(index).c_str();
}

} // namespace harness
