// The parts of the fake host that harness.cc and harness_calls.cc share.
#ifndef HARNESS_PARTS_H
#define HARNESS_PARTS_H

#include "harness.h"

namespace harness
{

// Heap memory of exactly `capacity` bytes, 64-byte aligned.
struct Host::Block {
    explicit Block(uint64_t capacity);
    Block(const std::string &content, uint64_t capacity);
    ~Block();
    Block(const Block &) = delete;
    Block &operator=(const Block &) = delete;
    uint8_t *data;
    uint64_t capacity;
};

// An input frame, in whatever instance's hands it is: what must be given again after a death.
struct Host::Slot {
    FrameData data;
    std::shared_ptr<Block> block; // of a processor that mutates: as it left it
    uint32_t attempt = 1;
    bool produced = false;                            // something was emitted in its call, or it was kept
    bool dropped = false;                             // nothing was
    bool kept = false;                                // as committed
    bool held = false;                                // by this instance: false after a death, until it is kept again
    std::list<std::shared_ptr<Slot>>::iterator place; // in the list of kept frames, if kept
};

// A frame as the processor sees it.
struct Host::View {
    mpipe_frame frame{};
    std::shared_ptr<Block> block;
    std::map<std::string, std::shared_ptr<Block>> attributes;
    std::shared_ptr<Slot> slot;  // nullptr: created, or the copy of a kept frame
    uint64_t asked = UINT64_MAX; // of a created one: bytes that it may have in all before it must move
    bool moved = false;          // for its attributes
    bool writable = false;       // created, copied, or in place by MPIPE_MUTATES
    bool copied = false;         // no longer the input's own block
    bool kept = false;
    bool released = false; // kept, and emitted or dropped by a transaction that is not committed yet
};

// The functions behind mpipe_io, mpipe_host and mpipe_ext_wait.
struct Calls {
    static void fill(Host *host, mpipe_host *table, mpipe_io *io, mpipe_ext_wait *wait);

    static Host &of(void *context) { return *static_cast<Host *>(context); }
    static mpipe_frame *create(void *worker, uint64_t capacity, const mpipe_frame *parent);
    static uint8_t *writable(void *worker, mpipe_frame **frame);
    static mpipe_status resize(void *worker, mpipe_frame **frame, uint64_t size);
    static mpipe_status emit(void *worker, uint32_t port, mpipe_frame *frame);
    static void drop(void *worker, mpipe_frame *frame);
    static mpipe_status keep(void *worker, mpipe_frame *frame);
    static mpipe_status get(void *worker, uint32_t port, int64_t timeout_ns, mpipe_frame **frame);
    static mpipe_status flush_out(void *worker, int64_t timeout_ns);
    static mpipe_status attribute(void *worker, const mpipe_frame *frame, const char *name, const void **value,
                                  uint64_t *size);
    static mpipe_status set_attribute(void *worker, mpipe_frame **frame, const char *name, const void *value,
                                      uint64_t size);
    static mpipe_status attribute_at(void *worker, const mpipe_frame *frame, uint32_t index, const char **name,
                                     const void **value, uint64_t *size);
    static mpipe_status fail(void *worker, mpipe_status status, const char *format, ...)
        __attribute__((format(printf, 3, 4)));
    static void progress(void *worker, uint64_t done, uint64_t total);
    static mpipe_status readable(void *context, int32_t fd, int64_t timeout_ns);
    static const void *extension(void *context, const char *id);
    static void log(void *context, int32_t level, const char *format, ...) __attribute__((format(printf, 3, 4)));
    static const OptionValue &option(void *context, const char *name);
    static int64_t option_int(void *context, const char *name);
    static double option_float(void *context, const char *name);
    static const char *option_text(void *context, const char *name);
    static uint32_t option_count(void *context, const char *name);
    static const char *option_item(void *context, const char *name, uint32_t index);
};

} // namespace harness

#endif
