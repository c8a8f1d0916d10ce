/* SPDX-License-Identifier: Apache-2.0
 *
 * The version of the SDK, and the log of its binary interface. The one source of the version: CMake reads it here.
 *
 * ABI log (newest first)
 *   1.0  first interface.
 */
#ifndef MICROPIPE_VERSION_H
#define MICROPIPE_VERSION_H

#define MPIPE_VERSION_STRING "0.1.0"
#define MPIPE_VERSION_NUMBER 0x000100u /* major << 16 | minor << 8 | patch */

/* The major is in the name of the one exported function, mpipe_plugin_v1: it changes when an old plugin can no longer
 * run. */
#define MPIPE_ABI_MAJOR 1u

/* The newest minor that these headers describe. */
#define MPIPE_ABI_MINOR 0u

/* The least minor that a plugin needs, stamped into it. Compiling against newer headers does not raise it: define it
 * yourself, before the first include, to use what a later minor appended. A host loads a plugin if the major is the
 * same and this minor is not above its own. */
#ifndef MPIPE_API_MINOR
#define MPIPE_API_MINOR 0u
#endif

#if MPIPE_API_MINOR > MPIPE_ABI_MINOR
#error "MPIPE_API_MINOR asks for a newer minor than these headers have"
#endif

#endif
