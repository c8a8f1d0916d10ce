/* The layout of every struct of the SDK, as built plugins have it: compiled only, as C and as C++.
 *
 * A line that fails here breaks plugins that are out there. Fields are appended, with a new line and a new size, and a
 * new minor in version.h; never moved, resized or removed.
 */
#include <assert.h>
#include <micropipe/ext/wait.h>
#include <micropipe/micropipe.h>
#include <stddef.h>

#if defined(__x86_64__) && defined(__LP64__)

#define AT(type, field, offset) static_assert(offsetof(type, field) == (offset), #type "." #field " has moved")
#define SIZE(type, size) static_assert(sizeof(type) == (size), #type " has changed its size")

AT(mpipe_plugin, struct_size, 0);
AT(mpipe_plugin, abi_major, 4);
AT(mpipe_plugin, abi_minor, 8);
AT(mpipe_plugin, sdk_version, 12);
AT(mpipe_plugin, pack, 16);
AT(mpipe_plugin, version, 24);
AT(mpipe_plugin, processors, 32);
SIZE(mpipe_plugin, 40);

AT(mpipe_processor, struct_size, 0);
AT(mpipe_processor, flags, 4);
AT(mpipe_processor, name, 8);
AT(mpipe_processor, summary, 16);
AT(mpipe_processor, example, 24);
AT(mpipe_processor, options, 32);
AT(mpipe_processor, inputs, 40);
AT(mpipe_processor, outputs, 48);
AT(mpipe_processor, needs, 56);
AT(mpipe_processor, state_size, 64);
AT(mpipe_processor, load, 72);
AT(mpipe_processor, open, 80);
AT(mpipe_processor, process, 88);
AT(mpipe_processor, run, 96);
AT(mpipe_processor, flush, 104);
AT(mpipe_processor, close, 112);
AT(mpipe_processor, extension, 120);
SIZE(mpipe_processor, 128);

AT(mpipe_option, name, 0);
AT(mpipe_option, type, 8);
AT(mpipe_option, flags, 12);
AT(mpipe_option, fallback, 16);
AT(mpipe_option, min, 24);
AT(mpipe_option, max, 32);
AT(mpipe_option, unit, 40);
AT(mpipe_option, choices, 48);
AT(mpipe_option, doc, 56);
SIZE(mpipe_option, 64);

AT(mpipe_port, name, 0);
AT(mpipe_port, doc, 8);
AT(mpipe_port, type, 16);
AT(mpipe_port, flags, 20);
SIZE(mpipe_port, 24);

AT(mpipe_host, struct_size, 0);
AT(mpipe_host, abi_minor, 4);
AT(mpipe_host, stage, 8);
AT(mpipe_host, pack_dir, 16);
AT(mpipe_host, worker, 24);
AT(mpipe_host, workers_max, 28);
AT(mpipe_host, state, 32);
AT(mpipe_host, context, 40);
AT(mpipe_host, extension, 48);
AT(mpipe_host, log, 56);
AT(mpipe_host, option_int, 64);
AT(mpipe_host, option_float, 72);
AT(mpipe_host, option_text, 80);
AT(mpipe_host, option_count, 88);
AT(mpipe_host, option_item, 96);
AT(mpipe_host, max_frame, 104);
SIZE(mpipe_host, 112);

AT(mpipe_io, struct_size, 0);
AT(mpipe_io, reserved, 4);
AT(mpipe_io, worker, 8);
AT(mpipe_io, create, 16);
AT(mpipe_io, writable, 24);
AT(mpipe_io, resize, 32);
AT(mpipe_io, emit, 40);
AT(mpipe_io, drop, 48);
AT(mpipe_io, keep, 56);
AT(mpipe_io, get, 64);
AT(mpipe_io, flush_out, 72);
AT(mpipe_io, attribute, 80);
AT(mpipe_io, set_attribute, 88);
AT(mpipe_io, fail, 96);
AT(mpipe_io, progress, 104);
AT(mpipe_io, attribute_at, 112);
SIZE(mpipe_io, 120);

AT(mpipe_frame, data, 0);
AT(mpipe_frame, size, 8);
AT(mpipe_frame, capacity, 16);
AT(mpipe_frame, sequence, 24);
AT(mpipe_frame, key, 32);
AT(mpipe_frame, time_ns, 40);
AT(mpipe_frame, type, 48);
AT(mpipe_frame, port, 52);
AT(mpipe_frame, attempt, 56);
AT(mpipe_frame, flags, 60);
SIZE(mpipe_frame, 64);

AT(mpipe_ext_wait, struct_size, 0);
AT(mpipe_ext_wait, reserved, 4);
AT(mpipe_ext_wait, context, 8);
AT(mpipe_ext_wait, readable, 16);
SIZE(mpipe_ext_wait, 24);

#endif

#define IS(constant, value) static_assert((constant) == (value), #constant " has changed its value")

IS(MPIPE_OK, 0);
IS(MPIPE_EMPTY, 1);
IS(MPIPE_FULL, 2);
IS(MPIPE_TIMEOUT, 3);
IS(MPIPE_END, 4);
IS(MPIPE_STOP, 5);
IS(MPIPE_BAD_FRAME, -1);
IS(MPIPE_RETRY, -2);
IS(MPIPE_FATAL, -3);
IS(MPIPE_BAD_CONFIG, -4);
IS(MPIPE_NO_MEMORY, -5);
IS(MPIPE_UNSUPPORTED, -6);
IS(MPIPE_MISUSE, -7);

IS(MPIPE_SOURCE, 1);
IS(MPIPE_SERIAL, 2);
IS(MPIPE_STATELESS, 4);
IS(MPIPE_DETERMINISTIC, 8);
IS(MPIPE_RESUMABLE, 16);
IS(MPIPE_MUTATES, 32);

IS(MPIPE_BOOL, 1);
IS(MPIPE_INT, 2);
IS(MPIPE_FLOAT, 3);
IS(MPIPE_STRING, 4);
IS(MPIPE_CHOICE, 5);
IS(MPIPE_SIZE, 6);
IS(MPIPE_TIME, 7);
IS(MPIPE_PATH, 8);
IS(MPIPE_LIST, 0x100);
IS(MPIPE_REQUIRED, 1);
IS(MPIPE_SECRET, 2);
IS(MPIPE_DEPRECATED, 4);
IS(MPIPE_MUST_EXIST, 8);
IS(MPIPE_PORT_OPTIONAL, 1);

IS(MPIPE_BYTES, 0);
IS(MPIPE_TEXT, 1);
IS(MPIPE_IMAGE, 2);
IS(MPIPE_TENSOR, 3);
IS(MPIPE_FRAME_KEPT, 1);

IS(MPIPE_LOG_ERROR, 0);
IS(MPIPE_LOG_WARNING, 1);
IS(MPIPE_LOG_INFO, 2);
IS(MPIPE_LOG_DEBUG, 3);

IS(MPIPE_ABI_MAJOR, 1);
IS(MPIPE_API_MINOR, 0);
