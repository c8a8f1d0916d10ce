#include "inspect_words.h"

#include <micropipe/frame.h>
#include <micropipe/processor.h>
#include <stdio.h>

static const struct flag_words flags[] = {
    {MPIPE_SERIAL, "serial", "never more than one worker"},
    {MPIPE_STATELESS, "stateless", "no frame changes what becomes of another"},
    {MPIPE_DETERMINISTIC, "deterministic", "the same frame and options give the same bytes"},
    {MPIPE_RESUMABLE, "resumable", "keeps its place within one input that gives very many outputs"},
    {MPIPE_MUTATES, "mutates", "changes frames in place; doing so again does no harm"},
    {0, NULL, NULL},
};

const struct flag_words *inspect_flags(void)
{
    return flags;
}

const char *inspect_kind(const struct processor_description *d)
{
    return d->flags & MPIPE_SOURCE ? "source" : d->n_outputs ? "filter" : "sink";
}

const char *inspect_frame_type(uint32_t type, char *buffer, size_t size)
{
    static const char *const names[] = {
        [MPIPE_BYTES] = "any", [MPIPE_TEXT] = "text", [MPIPE_IMAGE] = "image", [MPIPE_TENSOR] = "tensor"};
    if (type < sizeof names / sizeof names[0])
        return names[type];
    snprintf(buffer, size, "0x%08x", type);
    return buffer;
}
