/* SPDX-License-Identifier: Apache-2.0
 *
 * The one symbol that a plugin exports, and the macro that writes it.
 */
#ifndef MICROPIPE_PLUGIN_H
#define MICROPIPE_PLUGIN_H

#include <stddef.h>

#include "processor.h"
#include "version.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A pack's content. Static data. */
typedef struct mpipe_plugin {
    uint32_t struct_size;
    uint32_t abi_major, abi_minor;            /* MPIPE_ABI_MAJOR; the least minor that the plugin needs */
    uint32_t sdk_version;                     /* MPIPE_VERSION_NUMBER of the headers; for reports only */
    const char *pack;                         /* [a-z][a-z0-9_]*: the part before the dot in a configuration */
    const char *version;                      /* as "1.4.2" */
    const mpipe_processor *const *processors; /* ends with NULL */
} mpipe_plugin;

#define MPIPE_EXPORT __attribute__((visibility("default"), used))

/* [scanner, stage server] Returns static data; does nothing else: no thread, no file, no output. */
MPIPE_EXPORT const mpipe_plugin *mpipe_plugin_v1(void);

/* MPIPE_PLUGIN("text", "1.0.0", &lines, &grep) once in a plugin. */
#define MPIPE_PLUGIN(pack_name, pack_version, ...)                              \
    MPIPE_EXPORT const mpipe_plugin *mpipe_plugin_v1(void)                      \
    {                                                                           \
        static const mpipe_processor *const processors[] = {__VA_ARGS__, NULL}; \
        static const mpipe_plugin plugin = {(uint32_t)sizeof(mpipe_plugin),     \
                                            MPIPE_ABI_MAJOR,                    \
                                            MPIPE_API_MINOR,                    \
                                            MPIPE_VERSION_NUMBER,               \
                                            pack_name,                          \
                                            pack_version,                       \
                                            processors};                        \
        return &plugin;                                                         \
    }

#ifdef __cplusplus
}
#endif

#endif
