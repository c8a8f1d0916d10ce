#include "draft.h"

#include <stdarg.h>

void draft_complain(struct draft *d, const struct stage *stage, struct position at, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *message = region_formatv(d->region, format, args);
    va_end(args);
    if (stage)
        complaint_add(d->complaints, at, "stage '%s': %s", stage->name, message);
    else
        complaint_add(d->complaints, at, "%s", message);
}

const struct node *draft_stage_node(const struct draft *d, uint32_t stage, enum stage_setting which)
{
    return node_child(d->stages[stage], stage_settings[which].key);
}

struct position draft_stage_place(const struct draft *d, uint32_t stage)
{
    const struct node *processor = draft_stage_node(d, stage, STAGE_PROCESSOR);
    return processor ? processor->at : d->stages[stage]->at;
}

const char *draft_hint(struct draft *d, const char *nearest)
{
    return nearest ? region_format(d->region, " (did you mean '%s'?)", nearest) : "";
}
