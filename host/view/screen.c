#include "screen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fields.h"

enum { PAGE = 10 };

void screen_init(struct screen *s, const char *name)
{
    *s = (struct screen){.view = *name ? VIEW_STAGES : VIEW_ROLL};
    snprintf(s->name, sizeof s->name, "%s", name);
}

static void forget(struct screen *s)
{
    json_decref(s->status);
    s->status = NULL;
    s->stage = s->worker = s->decision = 0;
}

void screen_clear(struct screen *s)
{
    forget(s);
    json_decref(s->roll);
    s->roll = NULL;
}

json_t *screen_request(const struct screen *s)
{
    return s->view == VIEW_ROLL ? NULL : json_pack("{ss sb}", "command", "status", "workers", s->view == VIEW_WORKERS);
}

static const json_t *chosen_stage(const struct screen *s)
{
    return json_array_get(json_object_get(s->status, "stages"), s->stage);
}

static const char *stage_name(const struct screen *s)
{
    return field_text(chosen_stage(s), "name");
}

static void say(struct screen *s, enum tint tint, const char *text)
{
    snprintf(s->message, sizeof s->message, "%s", text);
    s->message_tint = tint;
}

void screen_take(struct screen *s, json_t *answer)
{
    if (json_is_array(json_object_get(answer, "stages"))) {
        json_decref(s->status);
        s->status = answer;
        return;
    }
    if (!json_is_true(json_object_get(answer, "ok")))
        say(s, TINT_ERROR, field_text(answer, "error"));
    else if (*field_text(answer, "note"))
        say(s, TINT_WARNING, field_text(answer, "note"));
    json_decref(answer);
}

/* The last figures stay, as those of a pipeline that has ended. */
void screen_lose(struct screen *s, const char *why)
{
    s->is_lost = 1;
    json_object_set_new(s->status, "state", json_string("ended"));
    say(s, TINT_WARNING, why);
}

void screen_find(struct screen *s)
{
    if (s->is_lost)
        s->message[0] = '\0';
    s->is_lost = 0;
}

/* The cursor of the view, and how many places it has. */
static size_t *cursor(struct screen *s, size_t *places)
{
    const json_t *list[] = {[VIEW_STAGES] = json_object_get(s->status, "stages"),
                            [VIEW_WORKERS] = json_object_get(chosen_stage(s), "worker_list"),
                            [VIEW_DECISIONS] = json_object_get(s->status, "decisions"),
                            [VIEW_ROLL] = s->roll,
                            [VIEW_HELP] = NULL};
    size_t *const cursors[] = {[VIEW_STAGES] = &s->stage,
                               [VIEW_WORKERS] = &s->worker,
                               [VIEW_DECISIONS] = &s->decision,
                               [VIEW_ROLL] = &s->pipeline,
                               [VIEW_HELP] = &s->decision};
    *places = json_array_size(list[s->view]);
    return cursors[s->view];
}

static void move(size_t *at, size_t places, int by)
{
    if (by < 0)
        *at -= *at < (size_t)-by ? *at : (size_t)-by;
    else
        *at = *at + (size_t)by < places ? *at + (size_t)by : places ? places - 1 : 0;
}

/* 1: it was a key that moves the cursor. */
static int navigate(struct screen *s, int key)
{
    static const struct {
        int key, by;
    } moves[] = {{PRESS_UP, -1},
                 {'k', -1},
                 {PRESS_DOWN, 1},
                 {'j', 1},
                 {PRESS_PAGE_UP, -PAGE},
                 {PRESS_PAGE_DOWN, PAGE},
                 {PRESS_HOME, -CANVAS_MAX},
                 {PRESS_END, CANVAS_MAX}};
    size_t places, *at = cursor(s, &places);
    for (size_t i = 0; i < sizeof moves / sizeof moves[0]; i++)
        if (moves[i].key == key) {
            move(at, places, moves[i].by);
            return 1;
        }
    if (s->view == VIEW_WORKERS && (key == PRESS_LEFT || key == PRESS_RIGHT)) {
        move(&s->stage, json_array_size(json_object_get(s->status, "stages")), key == PRESS_LEFT ? -1 : 1);
        s->worker = 0;
        return 1;
    }
    return 0;
}

static void open_pipeline(struct screen *s)
{
    const char *name = field_text(json_array_get(s->roll, s->pipeline), "name");
    if (!*name)
        return;
    snprintf(s->name, sizeof s->name, "%s", name);
    forget(s);
    s->is_lost = 0;
    s->reopen = 1;
    s->view = VIEW_STAGES;
}

void screen_take_roll(struct screen *s, json_t *roll)
{
    size_t n = json_array_size(roll);
    int is_first = s->roll == NULL;
    json_decref(s->roll);
    s->roll = roll;
    if (is_first && n == 1 && !s->name[0])
        open_pipeline(s);
    s->pipeline = s->pipeline < n ? s->pipeline : n ? n - 1 : 0;
}

/* Back to where one came from: of the roll, only if there is a pipeline. */
static void leave(struct screen *s)
{
    if (s->view == VIEW_HELP)
        s->view = s->before;
    else if (s->name[0])
        s->view = VIEW_STAGES;
}

static void show(struct screen *s, enum view view)
{
    if (view == VIEW_HELP && s->view != VIEW_HELP)
        s->before = s->view;
    s->view = view;
    if (view == VIEW_DECISIONS)
        s->decision = 0;
    if (view == VIEW_WORKERS)
        s->worker = 0;
}

static void ask_to_scale(struct screen *s, int by)
{
    int now = field_count(chosen_stage(s), "workers_wanted");
    s->digits[0] = '\0';
    if (by)
        snprintf(s->digits, sizeof s->digits, "%d", now + by > 1 ? now + by : 1);
    s->prompt = PROMPT_SCALE;
}

/* What would change the pipeline asks back first. */
static void ask_back(struct screen *s, int key)
{
    int is_paused = strcmp(field_text(s->status, "state"), "paused") == 0;
    if (!s->status || s->is_lost)
        return;
    if (key == 'p')
        s->prompt = is_paused ? PROMPT_RESUME : PROMPT_PAUSE;
    else if (key == 'D')
        s->prompt = PROMPT_DRAIN;
    else if (chosen_stage(s))
        ask_to_scale(s, key == '+' ? 1 : key == '-' ? -1 : 0);
}

static json_t *scale_request(const struct screen *s)
{
    if (strcmp(s->digits, "auto") == 0)
        return json_pack("{ss ss ss}", "command", "scale", "stage", stage_name(s), "workers", "auto");
    return json_pack("{ss ss si}", "command", "scale", "stage", stage_name(s), "workers",
                     (int)strtol(s->digits, NULL, 10));
}

/* At PROMPT_SCALE: digits, 'a' for auto, Enter. */
static json_t *type(struct screen *s, int key)
{
    size_t n = strlen(s->digits);
    if (key == PRESS_ENTER && n > 0) {
        s->prompt = PROMPT_NONE;
        return scale_request(s);
    }
    if (key == PRESS_ESCAPE || key == 'q' || key == PRESS_ENTER)
        s->prompt = PROMPT_NONE;
    else if (key == 'a')
        snprintf(s->digits, sizeof s->digits, "auto");
    else if (key == PRESS_ERASE && n > 0)
        s->digits[s->digits[0] == 'a' ? 0 : n - 1] = '\0';
    else if (key >= '0' && key <= '9' && n < 2)
        snprintf(s->digits + n, sizeof s->digits - n, "%d", key - '0');
    return NULL;
}

static json_t *decide(struct screen *s, int key)
{
    static const char *const commands[] = {[PROMPT_NONE] = "",
                                           [PROMPT_PAUSE] = "pause",
                                           [PROMPT_RESUME] = "resume",
                                           [PROMPT_DRAIN] = "drain",
                                           [PROMPT_SCALE] = "scale"};
    if (s->prompt == PROMPT_SCALE)
        return type(s, key);
    const char *command = commands[s->prompt];
    s->prompt = PROMPT_NONE;
    return key == 'y' || key == 'Y' ? json_pack("{ss}", "command", command) : NULL;
}

static void press_enter(struct screen *s)
{
    if (s->view == VIEW_ROLL)
        open_pipeline(s);
    else if (s->view == VIEW_STAGES)
        show(s, VIEW_WORKERS);
    else
        leave(s);
}

json_t *screen_press(struct screen *s, int key)
{
    if (key == PRESS_INTERRUPT)
        s->quit = 1;
    if (s->prompt != PROMPT_NONE)
        return decide(s, key);
    if (!s->is_lost)
        s->message[0] = '\0';
    if (navigate(s, key))
        return NULL;
    if (key == 'q')
        s->quit = 1;
    else if (key == PRESS_ENTER)
        press_enter(s);
    else if (key == PRESS_ESCAPE || key == PRESS_LEFT)
        leave(s);
    else if (key == '?' || key == 'h')
        show(s, VIEW_HELP);
    else if (key == 'l')
        show(s, VIEW_ROLL);
    else if (s->name[0] && key == 'd')
        show(s, VIEW_DECISIONS);
    else if (s->name[0] && key == 'w')
        show(s, VIEW_WORKERS);
    else if (s->view != VIEW_ROLL && s->view != VIEW_HELP && key > 0 && key < 128 && strchr("pDs+-", key))
        ask_back(s, key);
    return NULL;
}
