#include "report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void report_frame_describe(const struct report_frame *f, char *text, size_t size)
{
    const char *function = f->function[0] ? f->function : "??";
    int n;
    if (f->file[0])
        n = snprintf(text, size, "%s (%s:%" PRIu32 ")", function, f->file, f->line);
    else if (f->module[0])
        n = snprintf(text, size, "%s, no line known", function);
    else
        n = snprintf(text, size, "0x%" PRIx64 ", which is in no file", f->address);
    if ((size_t)n >= size)
        return;
    if (f->inlined)
        snprintf(text + n, size - (size_t)n, ", inlined");
    else if (f->module[0])
        snprintf(text + n, size - (size_t)n, ", %s+0x%" PRIx64, f->module, f->offset);
}

const struct report_frame *report_culprit(const struct report *r, const char *plugin)
{
    const char *slash = strrchr(plugin, '/');
    for (uint32_t i = 0; i < r->n; i++)
        if (strcmp(r->frames[i].module, slash ? slash + 1 : plugin) == 0)
            return &r->frames[i];
    return NULL;
}

uint32_t report_alike(const struct report *r, uint32_t i)
{
    uint32_t n = 0;
    while (i + n < r->n && r->frames[i + n].address == r->frames[i - 1].address && !r->frames[i + n].inlined)
        n++;
    return n;
}

static json_t *text_or_null(const char *text)
{
    json_t *value = text[0] ? json_string(text) : json_null();
    return value ? value : json_null(); /* it is no UTF-8, which JSON cannot hold */
}

json_t *report_json(const struct report *r)
{
    json_t *list = json_array();
    int failed = 0;
    for (uint32_t i = 0; i < r->n && !failed; i++) {
        const struct report_frame *f = &r->frames[i];
        char address[32], offset[32];
        snprintf(address, sizeof address, "0x%" PRIx64, f->address);
        snprintf(offset, sizeof offset, "0x%" PRIx64, f->offset);
        json_t *frame =
            json_pack("{s:o,s:o,s:o,s:b,s:o,s:s,s:s}", "function", text_or_null(f->function), "file",
                      text_or_null(f->file), "line", f->line ? json_integer(f->line) : json_null(), "inlined",
                      (int)f->inlined, "module", text_or_null(f->module), "offset", offset, "address", address);
        failed = json_array_append_new(list, frame) != 0;
    }
    if (failed)
        json_decref(list);
    return failed ? NULL : list;
}
