/* A processor's tables, as a plugin has them in its own memory, copied to a description that the host can own.
 *
 * Scanner's child and stage server: the pointers are the plugin's, and may lead anywhere. Reads a field only if the
 * struct_size before it covers it.
 */
#ifndef DESCRIBE_H
#define DESCRIBE_H

#include <micropipe/plugin.h>
#include <stddef.h>

#include "description.h"

/* 0: *out is the caller's; its file and pack_dir are NULL. -EINVAL or -ENOMEM: `why` says it in one sentence. What
 * only a wild plugin has (no end of a table, a text without end) is refused here; the meaning is for verify.h. */
int describe_processor(const mpipe_plugin *plugin, const mpipe_processor *processor, struct processor_description **out,
                       char *why, size_t why_size);

#endif
