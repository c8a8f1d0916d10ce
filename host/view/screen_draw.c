#include <stdio.h>
#include <string.h>

#include "fields.h"
#include "meter.h"
#include "page.h"
#include "screen.h"

enum { DETAIL = 5, DECISION_LINES = 6, ROOMY = 16 };

static size_t at_most(size_t n, size_t most)
{
    return n < most ? n : most;
}

static size_t room(const struct canvas *c, size_t row)
{
    return c->height > row + 1 ? c->height - row - 1 : 0; /* the last row is the footer's */
}

static const json_t *chosen_stage(const struct screen *s)
{
    return json_array_get(json_object_get(s->status, "stages"), s->stage);
}

/* The table first; what is chosen in full below it, if both fit; then what the bars mean, and the last decisions. */
static void draw_stages(const struct screen *s, struct canvas *c, size_t row)
{
    size_t wanted = json_array_size(json_object_get(s->status, "stages")) + 1, left = room(c, row);
    size_t detail = left >= at_most(wanted, 6) + 1 + DETAIL ? DETAIL + 1 : 0;
    size_t legend = left > detail + at_most(wanted, 4) ? 1 : 0;
    row += page_stages(s->status, c, row, at_most(wanted, left - detail - legend), s->stage);
    if (legend)
        meter_legend(c, row++, 2);
    if (detail)
        row += page_stage(chosen_stage(s), c, row + 1, DETAIL) + 1;
    if (room(c, row) >= 3 && json_array_size(json_object_get(s->status, "decisions")) > 0) {
        canvas_put(c, row + 1, 0, c->width, TINT_HEAD, "decisions");
        page_decisions(s->status, c, row + 2, room(c, row + 2), 0, 1);
    }
}

static void draw_workers(const struct screen *s, struct canvas *c, size_t row)
{
    size_t detail = room(c, row) > DETAIL + 6 ? DETAIL : 1;
    row += page_stage(chosen_stage(s), c, row, detail) + 1;
    page_workers(chosen_stage(s), c, row, room(c, row), s->worker);
}

static void draw_roll(const struct screen *s, struct canvas *c)
{
    if (json_array_size(s->roll) > 0)
        page_roll(s->roll, c, 0, room(c, 0), s->pipeline);
    else
        canvas_put(c, 0, 0, c->width, TINT_PLAIN, s->roll ? "No pipeline runs here." : "Looking for pipelines ...");
}

static void draw_help(struct canvas *c)
{
    static const char *const lines[] = {
        "A row a stage. * stands before the stage that the others wait for.",
        "",
        "frames/s, bytes/s  what comes in; of a source: what it makes",
        "p50, p99           time in the processor: of half the frames less, of all but 1 %",
        "waited p50, p99    time in the ring before it",
        "ring               how full the ring before it is",
        "load               what its workers do: busy, wait for room, wait for input",
        "dead, restarts     frames that were refused, workers that died (rst)",
        "",
        "Up, Down, j, k     another row          Enter, w    workers of the stage",
        "Left, Right        another stage        d           decisions of the scaler",
        "p                  pause, resume        l           other pipelines",
        "s, +, -            scale the stage      Esc         back",
        "D                  drain: end well      q           quit; the pipeline goes on",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        if (i + 1 < c->height)
            canvas_put(c, i, 0, c->width, TINT_PLAIN, lines[i]);
}

static void write_prompt(const struct screen *s, char *text, size_t size)
{
    const json_t *stage = chosen_stage(s);
    switch (s->prompt) {
    case PROMPT_PAUSE:
        snprintf(text, size, "Pause: the sources make nothing until it is resumed? y/n");
        break;
    case PROMPT_RESUME:
        snprintf(text, size, "Resume: the sources go on? y/n");
        break;
    case PROMPT_DRAIN:
        snprintf(text, size, "Drain: the sources stop for good, and it ends when all is through? y/n");
        break;
    case PROMPT_SCALE:
        snprintf(text, size, "Workers for %.40s, 1 to %d, or a: auto; Enter: %s_", field_text(stage, "name"),
                 field_count(stage, "workers_max"), s->digits);
        break;
    default:
        text[0] = '\0';
    }
}

static const char *keys_of(enum view view)
{
    static const char *const keys[] = {
        [VIEW_STAGES] = "Enter workers  d decisions  p pause  s scale  D drain  l list  ? help  q quit",
        [VIEW_WORKERS] = "Left/Right other stage  s scale  d decisions  Esc back  ? help  q quit",
        [VIEW_DECISIONS] = "Up/Down scroll  Esc back  ? help  q quit",
        [VIEW_ROLL] = "Enter watch it  Esc back  ? help  q quit",
        [VIEW_HELP] = "Esc back  q quit"};
    return keys[view];
}

/* A question before a message, a message before the keys. */
static void draw_footer(const struct screen *s, struct canvas *c)
{
    char text[SCREEN_MESSAGE];
    enum tint tint = TINT_STRONG;
    write_prompt(s, text, sizeof text);
    if (!text[0] && s->message[0]) {
        snprintf(text, sizeof text, "%s", s->message);
        tint = s->message_tint;
    }
    if (!text[0]) {
        snprintf(text, sizeof text, "%s", keys_of(s->view));
        tint = TINT_FAINT;
    }
    /* The last cell stays free: some terminals scroll when it is written. */
    canvas_put(c, c->height - 1, 0, c->width - 1, tint, text);
}

void screen_draw(const struct screen *s, struct canvas *c)
{
    canvas_clear(c);
    if (c->width == 0 || c->height == 0)
        return;
    size_t row = s->view == VIEW_ROLL || s->view == VIEW_HELP ? 0 : page_headline(s->status, s->name, c);
    row += c->height >= ROOMY;
    if (s->view == VIEW_ROLL)
        draw_roll(s, c);
    else if (s->view == VIEW_HELP)
        draw_help(c);
    else if (s->view == VIEW_WORKERS)
        draw_workers(s, c, row);
    else if (s->view == VIEW_DECISIONS)
        page_decisions(s->status, c, row, room(c, row), s->decision, DECISION_LINES);
    else
        draw_stages(s, c, row);
    for (size_t column = 0; column < c->width; column++) /* what was drawn too low */
        canvas_put(c, c->height - 1, column, 1, TINT_PLAIN, " ");
    draw_footer(s, c);
}
