/* SPDX-License-Identifier: Apache-2.0
 *
 * What a processor may do with frames: the table that process(), run() and flush() get, and short names for its calls.
 *
 * Context of every call here: [worker, in process, run or flush], from the thread that was called, until it returns.
 * A call in another context, or with a frame that is not the processor's, returns MPIPE_MISUSE and does nothing.
 *
 * Nothing of what is emitted, kept or dropped counts before the transaction that it belongs to commits: after
 * process() returned, or (run) in the next mpipe_get() or mpipe_flush_out(). A worker that dies before that leaves no
 * trace, and the frame is given again; one that dies after it has handed everything on exactly once.
 */
#ifndef MICROPIPE_IO_H
#define MICROPIPE_IO_H

#include <string.h>

#include "frame.h"
#include "status.h"

#define MPIPE_ANY_PORT UINT32_MAX
#define MPIPE_FOREVER ((int64_t)-1)

/* Made by the host alone, so it only grows: look at struct_size before you use what a later minor appended. */
typedef struct mpipe_io {
    uint32_t struct_size;
    uint32_t reserved;
    void *worker; /* first argument of every call */

    mpipe_frame *(*create)(void *worker, uint64_t capacity, const mpipe_frame *parent);
    uint8_t *(*writable)(void *worker, mpipe_frame **frame);
    mpipe_status (*resize)(void *worker, mpipe_frame **frame, uint64_t size);
    mpipe_status (*emit)(void *worker, uint32_t port, mpipe_frame *frame);
    void (*drop)(void *worker, mpipe_frame *frame);
    mpipe_status (*keep)(void *worker, mpipe_frame *frame);
    mpipe_status (*get)(void *worker, uint32_t port, int64_t timeout_ns, mpipe_frame **frame);
    mpipe_status (*flush_out)(void *worker, int64_t timeout_ns);
    mpipe_status (*attribute)(void *worker, const mpipe_frame *frame, const char *name, const void **value,
                              uint64_t *size);
    mpipe_status (*set_attribute)(void *worker, mpipe_frame **frame, const char *name, const void *value,
                                  uint64_t size);
    mpipe_status (*fail)(void *worker, mpipe_status status, const char *format, ...)
        __attribute__((format(printf, 3, 4)));
    void (*progress)(void *worker, uint64_t done, uint64_t total);
    mpipe_status (*attribute_at)(void *worker, const mpipe_frame *frame, uint32_t index, const char **name,
                                 const void **value, uint64_t *size);
} mpipe_io;

/* A new frame with room for `capacity` bytes and size 0 (grow it with mpipe_resize()), in the shared arena: what you
 * write there is not copied again. `parent` may be NULL; if not, the child inherits its sequence, key, time, type and
 * attributes. Yours until emitted; dropped by itself if process() returns without emitting it.
 * Waits for room when that is safe. NULL: there is none now, or the frame can never fit; return MPIPE_NO_MEMORY, and
 * the host calls again when there is room, or refuses the frame and names the setting to change. */
static inline mpipe_frame *mpipe_create(const mpipe_io *io, uint64_t capacity, const mpipe_frame *parent)
{
    return io->create(io->worker, capacity, parent);
}

/* What the first attribute, key, time or type of your own takes of a frame's capacity, in bytes, once. */
#define MPIPE_TAIL_ROOM 32u

/* What an attribute takes of a frame's capacity, in bytes. Ask mpipe_create() for so many more, and MPIPE_TAIL_ROOM,
 * and set the attributes before the size: then the frame need not move to a larger block, for which there may be no
 * room while it still has its own. Any context. */
static inline uint64_t mpipe_attribute_room(const char *name, uint64_t size)
{
    return 8u + (strlen(name) / 8u + 1u) * 8u + (size + 7u) / 8u * 8u;
}

/* The frame's bytes, to write to: `capacity` bytes. A frame that you created is written in place. Any other frame is
 * first copied, so that a frame that must be given again is as it was, and so that another stage that reads it sees
 * nothing; only a processor with the flag MPIPE_MUTATES gets an input that nobody else holds in place. The frame may
 * move: use
 * (*frame)->data from then on. NULL: no room; return MPIPE_NO_MEMORY. */
static inline uint8_t *mpipe_writable(const mpipe_io *io, mpipe_frame **frame)
{
    return io->writable(io->worker, frame);
}

/* Sets the size in bytes. Within the capacity of a frame that is writable this is one store; otherwise the frame moves
 * to a new block. Bytes beyond the old size are not cleared. MPIPE_NO_MEMORY: no room; the frame is unchanged. */
static inline mpipe_status mpipe_resize(const mpipe_io *io, mpipe_frame **frame, uint64_t size)
{
    return io->resize(io->worker, frame, size);
}

/* Sends a frame to every reader of an output port, or to none. Takes the frame, unless it returns MPIPE_FULL
 * (run() only: the transaction can hold no more; call mpipe_flush_out() and try again) or MPIPE_NO_MEMORY (the frame
 * must be copied, or its new type, key or time need room, and there is none: return it, as after mpipe_create()).
 * Without a reader the frame is dropped. Ports are numbered in the order of the processor's table; a processor without
 * one has port 0. */
static inline mpipe_status mpipe_emit(const mpipe_io *io, uint32_t port, mpipe_frame *frame)
{
    return io->emit(io->worker, port, frame);
}

/* Gives a frame up. Takes it. */
static inline void mpipe_drop(const mpipe_io *io, mpipe_frame *frame)
{
    io->drop(io->worker, frame);
}

/* Holds an input frame beyond this call (batch, join, shuffle) until it is emitted or dropped by a later one. The
 * pointer stays valid until then. After a death all kept frames are given again, oldest first, before anything new,
 * with MPIPE_FRAME_KEPT set: keep them again. So are, after a call that failed, those that it had emitted or dropped:
 * forget each as soon as you gave it up. flush() is called at the end of the stream, at retirement, and when a
 * stage upstream waits for memory that kept frames occupy: emit or drop them there. MPIPE_FULL: this worker keeps 4,096
 * frames already. */
static inline mpipe_status mpipe_keep(const mpipe_io *io, mpipe_frame *frame)
{
    return io->keep(io->worker, frame);
}

/* run(): the next input frame. The frame given before it is settled by this call: what became of it commits.
 * MPIPE_EMPTY: there is none now. MPIPE_END: there will be none; flush what you hold and return MPIPE_OK. MPIPE_STOP:
 * as MPIPE_END, but only this worker retires. `port`: MPIPE_ANY_PORT, or one input port. */
static inline mpipe_status mpipe_get(const mpipe_io *io, uint32_t port, mpipe_frame **frame)
{
    return io->get(io->worker, port, 0, frame);
}

/* As mpipe_get(), but waits: up to timeout_ns nanoseconds (MPIPE_TIMEOUT), or MPIPE_FOREVER. MPIPE_EMPTY: woken because
 * a stage upstream waits for memory: emit or drop what you keep, then call again. */
static inline mpipe_status mpipe_get_sync(const mpipe_io *io, uint32_t port, int64_t timeout_ns, mpipe_frame **frame)
{
    return io->get(io->worker, port, timeout_ns, frame);
}

/* run(): commits what was emitted, kept and dropped, and the state, now. Waits up to timeout_ns for room in the
 * readers' rings (0: not at all; MPIPE_FOREVER). MPIPE_FULL or MPIPE_TIMEOUT: not committed, nothing lost, try again.
 * MPIPE_STOP: committed, and this worker shall retire. In process(): MPIPE_MISUSE. */
static inline mpipe_status mpipe_flush_out(const mpipe_io *io, int64_t timeout_ns)
{
    return io->flush_out(io->worker, timeout_ns);
}

/* run(): emit, and if there is no room, commit what was emitted and emit then. Takes the frame, unless MPIPE_TIMEOUT.
 * MPIPE_STOP: it was taken, and this worker shall retire. */
static inline mpipe_status mpipe_emit_sync(const mpipe_io *io, uint32_t port, mpipe_frame *frame, int64_t timeout_ns)
{
    mpipe_status status = io->emit(io->worker, port, frame);
    if (status != MPIPE_FULL)
        return status;
    status = io->flush_out(io->worker, timeout_ns);
    if (status != MPIPE_OK && status != MPIPE_STOP)
        return status == MPIPE_FULL ? MPIPE_TIMEOUT : status;
    mpipe_status emitted = io->emit(io->worker, port, frame);
    return emitted == MPIPE_OK ? status : emitted;
}

/* An attribute's value: `*value` points into the frame, to `*size` bytes, aligned to 8, valid as long as the frame
 * is yours and not changed. MPIPE_EMPTY: the frame has none of that name; then *value is NULL and *size 0. */
static inline mpipe_status mpipe_attribute(const mpipe_io *io, const mpipe_frame *frame, const char *name,
                                           const void **value, uint64_t *size)
{
    return io->attribute(io->worker, frame, name, value, size);
}

/* The attributes of a frame one by one, for what must carry all of them: `index` from 0, in an order that stays while
 * the frame is not changed. Name (NUL-terminated) and value as above. MPIPE_EMPTY: there are no more; then all three
 * are NULL or 0. */
static inline mpipe_status mpipe_attribute_at(const mpipe_io *io, const mpipe_frame *frame, uint32_t index,
                                              const char **name, const void **value, uint64_t *size)
{
    return io->attribute_at(io->worker, frame, index, name, value, size);
}

/* Sets (value NULL: removes) an attribute. The frame becomes writable first, so it may move. Names have 1 to 255
 * bytes; all attributes of a frame together at most 64 KiB (else MPIPE_MISUSE). The value is copied. */
static inline mpipe_status mpipe_set_attribute(const mpipe_io *io, mpipe_frame **frame, const char *name,
                                               const void *value, uint64_t size)
{
    return io->set_attribute(io->worker, frame, name, value, size);
}

/* Says why the call that is going on fails: the text goes to the log and into the dead letter. Returns `status`, so:
 * return mpipe_fail(io, MPIPE_BAD_FRAME, "%s: not a JPEG", path);  The text is copied, and cut at 512 bytes. */
#define mpipe_fail(io, ...) ((io)->fail((io)->worker, __VA_ARGS__))

/* A source's progress, in a unit of its own: `done` of `total`; total 0: unknown. For the progress bar. */
static inline void mpipe_progress(const mpipe_io *io, uint64_t done, uint64_t total)
{
    io->progress(io->worker, done, total);
}

#endif
