#include "harness_parts.h"

#include <algorithm>

#include <gtest/gtest.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>
#endif

namespace harness
{

// ---- instances ----

mpipe_status Host::open()
{
    const std::string missing = options_.missing();
    if (!missing.empty()) {
        logs_.push_back({MPIPE_LOG_ERROR, "option '" + missing + "' is required"});
        return MPIPE_BAD_CONFIG;
    }
    if (!loaded_ && p_->load) {
        host_.state = nullptr;
        const uint32_t worker = std::exchange(host_.worker, 0);
        const mpipe_status status = p_->load(&host_, &shared_);
        host_.worker = worker;
        if (status != MPIPE_OK)
            return status;
    }
    loaded_ = true;
    state_ = std::make_shared<Block>(committed_state_.size());
    std::copy(committed_state_.begin(), committed_state_.end(), state_->data);
    host_.state = state_->data;
    self_ = nullptr;
    point();
    const mpipe_status status = p_->open ? p_->open(&host_, shared_, &self_) : MPIPE_OK;
    open_ = status == MPIPE_OK;
    return status;
}

mpipe_status Host::start()
{
    return open_ ? MPIPE_OK : open();
}

void Host::close()
{
    if (p_->close)
        p_->close(self_);
    open_ = false;
    self_ = nullptr;
}

/* What is not committed did not happen: kept frames come again, oldest first, then what was in hand, then the rest. */
void Host::requeue()
{
    const auto comes_again = [](const Event &event) { return event.slot && event.slot->kept; };
    events_.erase(std::remove_if(events_.begin(), events_.end(), comes_again), events_.end());
    for (auto slot = claimed_.rbegin(); slot != claimed_.rend(); ++slot) {
        (*slot)->attempt += !(*slot)->kept;
        if (!(*slot)->kept)
            events_.push_front({Kind::frame, *slot});
    }
    for (auto slot = kept_.rbegin(); slot != kept_.rend(); ++slot) {
        (*slot)->attempt++;
        (*slot)->held = false;
        events_.push_front({Kind::frame, *slot});
    }
    for (std::vector<View *> *list : {&kept_now_, &kept_before_, &released_now_, &released_before_})
        list->clear();
    views_.clear();
    kept_views_.clear();
    pending_.clear();
    pending_dead_letters_.clear();
    claimed_.clear();
    pending_before_call_ = calls_in_transaction_ = 0;
    in_hand_ = nullptr;
    in_call_ = in_hand_taken_ = false;
}

/* The dead instance's memory is not freed, as nobody could: the address space of a process goes with it. */
void Host::bury()
{
    deaths_++;
#if defined(__SANITIZE_ADDRESS__)
    if (self_)
        __lsan_ignore_object(self_);
#endif
    open_ = false;
    self_ = nullptr;
    if (in_hand_ && !in_hand_->kept && in_hand_->attempt >= attempts_max) {
        dead_letters_.push_back({in_hand_->data, MPIPE_FATAL, "too many workers died with it in hand"});
        claimed_.erase(std::remove(claimed_.begin(), claimed_.end(), in_hand_), claimed_.end());
    }
    requeue();
    state_ = nullptr;
}

void Host::kill()
{
    if (open_)
        bury();
}

// ---- what comes in ----

mpipe_status Host::drive(uint64_t calls)
{
    return drive_until(calls, true);
}

mpipe_status Host::feed()
{
    return drive_until(0, false);
}

mpipe_status Host::drive_until(uint64_t calls, bool end)
{
    for (;;) {
        try {
            return drive_instance(calls, end);
        } catch (const Death &) {
            bury();
        } catch (const Replaced &) {
            replaced_++;
        }
    }
}

mpipe_status Host::drive_instance(uint64_t calls, bool end)
{
    const mpipe_status status = start();
    if (status != MPIPE_OK)
        return status;
    if (p_->run)
        return drive_run();
    return p_->flags & MPIPE_SOURCE ? drive_source(calls) : drive_push(end);
}

mpipe_status Host::drive_push(bool end)
{
    bool stopped = false;
    while (!events_.empty() && !stopped) {
        const Event event = events_.front();
        mpipe_status status = MPIPE_OK;
        if (event.kind == Kind::frame) {
            events_.pop_front();
            status = process(event.slot);
        } else {
            stopped = event.kind == Kind::stop;
            if (event.kind != Kind::idle)
                status = flush();
            events_.pop_front();
        }
        if (status != MPIPE_OK)
            return status;
    }
    if (calls_in_transaction_)
        commit();
    if (stopped || end) {
        const mpipe_status status = stopped ? MPIPE_OK : flush();
        if (status != MPIPE_OK)
            return status;
        close();
    }
    return MPIPE_OK;
}

/* One input frame, until it is settled. */
mpipe_status Host::process(const std::shared_ptr<Slot> &slot)
{
    for (bool again = true; again;) {
        begin_call();
        again = false;
        mpipe_frame *frame = &give_view(slot)->frame;
        point();
        const mpipe_status status = p_->process(self_, &io_, frame);
        if (status == MPIPE_OK) {
            end_call();
            if (++calls_in_transaction_ >= commit_every_)
                commit();
            continue;
        }
        roll_back();
        const mpipe_status settled = settle_failure(status, &again);
        if (settled != MPIPE_OK)
            return settled;
        if (again) /* it is claimed again by give_view() */
            claimed_.erase(std::remove(claimed_.begin(), claimed_.end(), slot), claimed_.end());
    }
    return MPIPE_OK;
}

mpipe_status Host::flush()
{
    for (bool again = p_->flush != nullptr; again;) {
        begin_call();
        again = false;
        const mpipe_status status = p_->flush(self_, &io_);
        if (status == MPIPE_OK) {
            end_call();
            commit();
            continue;
        }
        roll_back();
        const mpipe_status settled = settle_failure(status, &again);
        if (settled != MPIPE_OK)
            return settled;
    }
    return MPIPE_OK;
}

/* A source's own refusal: what it emitted is taken back, but its state stays. */
void Host::refuse_record()
{
    const std::vector<uint8_t> state(state_->data, state_->data + state_->capacity);
    roll_back();
    std::copy(state.begin(), state.end(), state_->data);
    if (reason_.empty())
        ADD_FAILURE() << "refused a record without a reason";
    pending_dead_letters_.push_back({FrameData(), MPIPE_BAD_FRAME, std::exchange(reason_, "")});
}

mpipe_status Host::drive_source(uint64_t calls)
{
    for (uint64_t n = 0; n < calls && !stopping();) {
        point();
        begin_call();
        bool again = false;
        const mpipe_status status = p_->process(self_, &io_, nullptr);
        if (status == MPIPE_BAD_FRAME)
            refuse_record();
        if (status >= MPIPE_OK || status == MPIPE_BAD_FRAME) {
            end_call();
            n++;
            failures_ = 0;
            empty_calls_ += status == MPIPE_EMPTY;
            if (++calls_in_transaction_ >= commit_every_ || status != MPIPE_OK || n == calls)
                commit();
            if (status == MPIPE_END)
                break;
            continue;
        }
        roll_back();
        const mpipe_status settled = settle_failure(status, &again);
        if (settled != MPIPE_OK)
            return settled;
    }
    stop_requested_ = false;
    if (!events_.empty())
        events_.pop_front();
    if (calls_in_transaction_)
        commit();
    const mpipe_status status = flush();
    if (status == MPIPE_OK)
        close();
    return status;
}

mpipe_status Host::drive_run()
{
    for (;;) {
        begin_call();
        bool again = false;
        const mpipe_status status = p_->run(self_, &io_);
        if (status == MPIPE_OK || status == MPIPE_END) {
            if (!(p_->flags & MPIPE_SOURCE) && !events_.empty() && !stopping())
                ADD_FAILURE() << "run() returned before the end of the stream";
            end_call();
            commit();
            if (stopping() && !stop_requested_)
                events_.pop_front();
            stop_requested_ = false;
            close();
            return MPIPE_OK;
        }
        const std::shared_ptr<Slot> slot = in_hand_;
        roll_back();
        const mpipe_status settled = settle_failure(status, &again);
        if (settled != MPIPE_OK)
            return settled;
        claimed_.erase(std::remove(claimed_.begin(), claimed_.end(), slot), claimed_.end());
        in_hand_ = nullptr;
        commit(); /* what was before the call that failed */
        if (again && slot)
            events_.push_front({Kind::frame, slot});
    }
}

/* What becomes of the frame in hand, if there is one, after a call failed and was rolled back. */
mpipe_status Host::settle_failure(mpipe_status status, bool *again)
{
    if (status == MPIPE_NO_MEMORY && !never_fits_) {
        if (!create_failed_)
            ADD_FAILURE() << "MPIPE_NO_MEMORY, but no call failed for want of memory";
        *again = create_failed_;
        return create_failed_ ? MPIPE_OK : MPIPE_FATAL;
    }
    if (status == MPIPE_RETRY || status == MPIPE_FATAL) {
        uint32_t &tries = in_hand_ ? in_hand_->attempt : failures_;
        if (in_hand_ ? tries < attempts_max : ++tries < attempts_max) {
            if (status == MPIPE_FATAL)
                replace();
            tries += in_hand_ != nullptr;
            *again = true;
            return MPIPE_OK;
        }
    } else if (status != MPIPE_BAD_FRAME && status != MPIPE_NO_MEMORY) {
        ADD_FAILURE() << "returned " << status << ", which is not a result of this call";
    }
    if (!in_hand_) {
        if (status == MPIPE_BAD_FRAME)
            ADD_FAILURE() << "MPIPE_BAD_FRAME without a frame in hand";
        return status;
    }
    if (reason_.empty() && status != MPIPE_NO_MEMORY)
        ADD_FAILURE() << "refused a frame without a reason";
    const std::string reason = status == MPIPE_NO_MEMORY ? "the frame can never fit" : std::exchange(reason_, "");
    pending_dead_letters_.push_back({in_hand_->data, status, reason});
    forget_kept(in_hand_.get());
    in_hand_ = nullptr;
    commit();
    if (status == MPIPE_FATAL)
        replace();
    return MPIPE_OK;
}

/* MPIPE_FATAL: another instance gets the frame. */
void Host::replace()
{
    close();
    requeue();
    throw Replaced();
}

mpipe_status Host::get(uint32_t port, int64_t timeout_ns, mpipe_frame **frame)
{
    *frame = nullptr;
    end_call();
    const bool comes_at_once = !events_.empty() && events_.front().kind == Kind::frame && !stopping();
    if (++calls_in_transaction_ >= commit_every_ || !comes_at_once)
        commit();
    begin_call();
    for (;;) {
        if (stopping())
            return MPIPE_STOP;
        if (events_.empty())
            return MPIPE_END;
        const auto first_other =
            std::find_if(events_.begin(), events_.end(), [](const Event &e) { return e.kind != Kind::frame; });
        const auto found = std::find_if(events_.begin(), first_other, [port](const Event &e) {
            return port == MPIPE_ANY_PORT || e.slot->data.port == port;
        });
        if (found != first_other) {
            const std::shared_ptr<Slot> slot = found->slot;
            events_.erase(found);
            *frame = &give_view(slot)->frame;
            return MPIPE_OK;
        }
        if (first_other == events_.end()) /* only frames for other ports */
            return timeout_ns == 0 ? MPIPE_EMPTY : MPIPE_TIMEOUT;
        const Kind kind = first_other->kind;
        events_.erase(first_other);
        if (kind == Kind::pressure || timeout_ns == 0)
            return MPIPE_EMPTY;
        if (timeout_ns > 0)
            return MPIPE_TIMEOUT;
    }
}

} // namespace harness
