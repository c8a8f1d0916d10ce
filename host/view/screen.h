/* The screen of micropipe top: which page it shows, where the cursor is, what a key does. Pure: keys and answers in,
 * requests and cells out; live.h has the terminal and the socket.
 *
 * What changes the pipeline (pause, drain, scale) is asked back first, on the last row.
 */
#ifndef SCREEN_H
#define SCREEN_H

#include <jansson.h>

#include "canvas.h"

/* Keys that are no character. */
enum press {
    PRESS_NONE = -1,
    PRESS_UP = 0x110000, /* beyond Unicode */
    PRESS_DOWN,
    PRESS_LEFT,
    PRESS_RIGHT,
    PRESS_PAGE_UP,
    PRESS_PAGE_DOWN,
    PRESS_HOME,
    PRESS_END,
    PRESS_ENTER,
    PRESS_ESCAPE,
    PRESS_ERASE,
    PRESS_INTERRUPT, /* leaves, whatever is being asked */
    PRESS_OTHER
};

enum view { VIEW_STAGES, VIEW_WORKERS, VIEW_DECISIONS, VIEW_ROLL, VIEW_HELP };
enum prompt { PROMPT_NONE, PROMPT_PAUSE, PROMPT_RESUME, PROMPT_DRAIN, PROMPT_SCALE };

enum { SCREEN_NAME = 128, SCREEN_DIGITS = 16, SCREEN_MESSAGE = 400 };

struct screen {
    char name[SCREEN_NAME]; /* of the pipeline; "": none is chosen yet */
    json_t *status, *roll;  /* the newest; NULL: none has come */
    enum view view, before; /* before: where Escape leads from the help */
    enum prompt prompt;
    size_t stage, worker, decision, pipeline; /* where the cursor of each view is */
    char digits[SCREEN_DIGITS];               /* what was typed at PROMPT_SCALE */
    char message[SCREEN_MESSAGE];             /* on the last row, until the next key */
    enum tint message_tint;
    int is_lost; /* the pipeline has ended, or does not answer */
    int quit;    /* 1: the user wants to leave */
    int reopen;  /* 1: another pipeline was chosen; whoever connects to it makes it 0 */
};

/* Without a name it begins with the roll, and goes on to the pipeline if there is only one. */
void screen_init(struct screen *s, const char *name);
void screen_clear(struct screen *s);

/* What to ask the pipeline for the present view. NULL: nothing, or no memory. */
json_t *screen_request(const struct screen *s);

/* An answer, to a look or to a command; the roll. Take it over. */
void screen_take(struct screen *s, json_t *answer);
void screen_take_roll(struct screen *s, json_t *roll);

/* The pipeline cannot be asked, and why; or can be again. */
void screen_lose(struct screen *s, const char *why);
void screen_find(struct screen *s);

/* A character or an enum press. The command to send, or NULL. */
json_t *screen_press(struct screen *s, int key);

void screen_draw(const struct screen *s, struct canvas *c);

#endif
