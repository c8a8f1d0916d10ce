#include "text.h"

MPIPE_PLUGIN("text", "1.0.0", &text_lines, &text_grep, &text_write)
