/* The mpipe_host table: options, log and extensions, as load() and open() get them.
 */
#ifndef HOST_TABLE_H
#define HOST_TABLE_H

#include <micropipe/ext/wait.h>
#include <micropipe/host.h>

#include "log.h"
#include "pipeline.h"
#include "slot.h"

struct host_table {
    mpipe_host host;
    mpipe_ext_wait wait;
    const struct stage *stage;
    const struct log *log;
    struct slot *slot; /* NULL in a stage server */
};

/* `state`, `slot`: NULL in a stage server. The table must not move while the plugin has it. */
void host_table_init(struct host_table *t, const struct stage *stage, const struct log *log, struct slot *slot,
                     void *state);

/* True if the host has an extension of that id; what a processor's `needs` is checked against. */
int host_table_has(const char *id);

#endif
