/* SPDX-License-Identifier: Apache-2.0
 *
 * The micropipe SDK: all that a processor needs. Header-only, C11 and C++17, nothing to link.
 *
 *     version.h    the ABI's version and its log
 *     status.h     what calls return
 *     frame.h      a frame, its types, the agreed attribute names
 *     io.h         what a processor may do with frames
 *     option.h     tables of options and ports
 *     host.h       what a processor gets once: options, state, log
 *     processor.h  what a processor is: flags and callbacks
 *     plugin.h     the exported function
 *     ext/         optional extensions of the host, one a file
 *
 * Rules that hold for every header: struct_size leads what may grow, fields are appended and never changed, a reader
 * touches a field only if struct_size covers it (MPIPE_HAS). Strings are NUL-terminated UTF-8; static lifetime in
 * tables, the call's elsewhere. No enum, bool, long, bit field or FILE crosses the line, nor does an exception.
 */
#ifndef MICROPIPE_H
#define MICROPIPE_H

#include "frame.h"
#include "host.h"
#include "io.h"
#include "option.h"
#include "plugin.h"
#include "processor.h"
#include "status.h"
#include "version.h"

/* True if the struct that `s` points to is long enough to have the field `f`. */
#define MPIPE_HAS(s, f) ((s)->struct_size >= offsetof(__typeof__(*(s)), f) + sizeof((s)->f))

#endif
