#include "page.h"

#include <math.h>

#include "fields.h"
#include "words.h"

enum { INDENT = 10, TEXT = 400 };

size_t page_decisions(const json_t *status, struct canvas *c, size_t top, size_t height, size_t first, size_t lines)
{
    const json_t *decisions = json_object_get(status, "decisions");
    size_t n = json_array_size(decisions), used = 0;
    char text[TEXT];
    if (n == 0 && height > 0) {
        canvas_put(c, top, 0, c->width, TINT_FAINT, "The scaler has changed nothing yet.");
        return 1;
    }
    for (size_t i = first; i < n && used < height; i++) {
        const json_t *d = json_array_get(decisions, n - 1 - i);
        size_t room = height - used < lines ? height - used : lines;
        snprintf(text, sizeof text, "%7s  %s: %d -> %d workers: %s", words_clock(field_number(d, "at_s")).text,
                 field_text(d, "stage"), field_count(d, "from"), field_count(d, "to"), field_text(d, "why"));
        used += canvas_paragraph(c, top + used, INDENT, room, i == 0 ? TINT_STRONG : TINT_PLAIN, text);
    }
    return used;
}
