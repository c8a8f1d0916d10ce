/* text.grep: passes the frames that a regular expression (PCRE2) matches, or those that it does not.
 *
 * The pattern is compiled once, in load(), and its code is shared by all workers. A match that takes too many steps
 * refuses the frame: a pattern must not be able to stop a pipeline.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

enum { JIT_STACK_START = 32 * 1024, JIT_STACK_MAX = 1024 * 1024 };

struct grep {
    const pcre2_code *code; /* load()'s */
    pcre2_match_data *match;
    pcre2_match_context *context;
    pcre2_jit_stack *stack;
    uint32_t match_limit;
    int invert;
};

static uint32_t compile_options(const mpipe_host *host)
{
    uint32_t options = PCRE2_MULTILINE;
    if (mpipe_option_int(host, "utf"))
        options |= PCRE2_UTF | PCRE2_MATCH_INVALID_UTF;
    if (mpipe_option_int(host, "ignore_case"))
        options |= PCRE2_CASELESS;
    return options;
}

static void say_where(const mpipe_host *host, const char *pattern, int error, size_t offset)
{
    PCRE2_UCHAR8 text[256];
    size_t length = strlen(pattern);
    offset = offset < length ? offset : length;
    pcre2_get_error_message(error, text, sizeof text);
    mpipe_log(host, MPIPE_LOG_ERROR, "option 'pattern': %s, at byte %zu: \"%.*s\" <-- here --> \"%s\"",
              (const char *)text, offset, (int)offset, pattern, pattern + offset);
}

static mpipe_status grep_load(const mpipe_host *host, void **shared)
{
    const char *pattern = mpipe_option_text(host, "pattern");
    int error;
    size_t offset;
    pcre2_code *code =
        pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, compile_options(host), &error, &offset, NULL);
    if (!code) {
        say_where(host, pattern, error, offset);
        return MPIPE_BAD_CONFIG;
    }
    if (pcre2_jit_compile(code, PCRE2_JIT_COMPLETE) != 0)
        mpipe_log(host, MPIPE_LOG_INFO, "the pattern cannot be compiled to machine code here, so matching is slower");
    *shared = code;
    return MPIPE_OK;
}

static void grep_close(void *self)
{
    struct grep *g = self;
    pcre2_match_data_free(g->match);
    pcre2_match_context_free(g->context);
    pcre2_jit_stack_free(g->stack);
    free(g);
}

static mpipe_status grep_open(const mpipe_host *host, void *shared, void **self)
{
    struct grep *g = calloc(1, sizeof *g);
    if (!g)
        return MPIPE_NO_MEMORY;
    g->code = shared;
    g->invert = (int)mpipe_option_int(host, "invert");
    g->match_limit = (uint32_t)mpipe_option_int(host, "match_limit");
    g->match = pcre2_match_data_create(1, NULL);
    g->context = pcre2_match_context_create(NULL);
    g->stack = pcre2_jit_stack_create(JIT_STACK_START, JIT_STACK_MAX, NULL);
    if (!g->match || !g->context || !g->stack) {
        grep_close(g);
        return MPIPE_NO_MEMORY;
    }
    pcre2_set_match_limit(g->context, g->match_limit);
    pcre2_jit_stack_assign(g->context, NULL, g->stack);
    *self = g;
    return MPIPE_OK;
}

static int match(const struct grep *g, const mpipe_frame *frame)
{
    int result = pcre2_match(g->code, frame->data, frame->size, 0, 0, g->match, g->context);
    if (result == PCRE2_ERROR_JIT_STACKLIMIT) /* the interpreter needs no stack, only time */
        result = pcre2_match(g->code, frame->data, frame->size, 0, PCRE2_NO_JIT, g->match, g->context);
    return result;
}

static mpipe_status refuse(const struct grep *g, const mpipe_io *io, int error)
{
    PCRE2_UCHAR8 text[256];
    if (error == PCRE2_ERROR_MATCHLIMIT)
        return mpipe_fail(io, MPIPE_BAD_FRAME,
                          "matching gave up after match_limit = %u steps: simplify the pattern, or raise the limit",
                          g->match_limit);
    pcre2_get_error_message(error, text, sizeof text);
    return mpipe_fail(io, MPIPE_BAD_FRAME, "matching failed: %s", (const char *)text);
}

static mpipe_status grep_process(void *self, const mpipe_io *io, mpipe_frame *frame)
{
    const struct grep *g = self;
    int result = match(g, frame);
    if (result < 0 && result != PCRE2_ERROR_NOMATCH)
        return refuse(g, io, result);
    if ((result >= 0) != g->invert)
        return mpipe_emit(io, 0, frame);
    mpipe_drop(io, frame);
    return MPIPE_OK;
}

static const mpipe_option pattern_option = {
    .name = "pattern",
    .type = MPIPE_STRING,
    .flags = MPIPE_REQUIRED,
    .doc = "Regular expression (PCRE2); ^ and $ also match at the lines within a frame.",
};
static const mpipe_option invert_option = {
    .name = "invert",
    .type = MPIPE_BOOL,
    .fallback = "false",
    .doc = "Passes the frames that do not match instead.",
};
static const mpipe_option ignore_case_option = {
    .name = "ignore_case",
    .type = MPIPE_BOOL,
    .fallback = "false",
    .doc = "Upper and lower case are the same.",
};
static const mpipe_option utf_option = {
    .name = "utf",
    .type = MPIPE_BOOL,
    .fallback = "true",
    .doc = "Frames are UTF-8, and bytes that are not match nothing; false: each byte is a character.",
};
static const mpipe_option match_limit_option = {
    .name = "match_limit",
    .type = MPIPE_INT,
    .fallback = "10000000",
    .min = "1",
    .max = "4294967295",
    .unit = "steps",
    .doc = "A frame that takes more steps to match is refused.",
};

static const mpipe_option *const grep_options[] = {&pattern_option, &invert_option,      &ignore_case_option,
                                                   &utf_option,     &match_limit_option, NULL};

const mpipe_processor text_grep = {
    MPIPE_PROCESSOR,
    .flags = MPIPE_STATELESS | MPIPE_DETERMINISTIC,
    .name = "grep",
    .summary = "Passes the frames that a regular expression matches, or does not",
    .example =
        "text.lines path=/usr/share/common-licenses/GPL-3 | text.grep pattern=\"free software\" ignore_case=true "
        "| core.null",
    .options = grep_options,
    .load = grep_load,
    .open = grep_open,
    .process = grep_process,
    .close = grep_close,
};
