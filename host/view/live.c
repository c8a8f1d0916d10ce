#include "live.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "clock.h"
#include "link.h"
#include "roll.h"
#include "screen.h"
#include "terminal.h"

enum { ROLL_PATIENCE_MS = 500, PATIENCE_MS = 5000 };

struct live {
    struct screen screen;
    struct terminal *terminal;
    struct link link;
    uint64_t interval_ns, next_ns, asked_ns; /* asked: since when an answer is due */
};

static void reach(struct live *l)
{
    char why[SCREEN_MESSAGE];
    link_close(&l->link);
    l->screen.reopen = 0;
    if (link_open(&l->link, l->screen.name, why, sizeof why) == 0)
        screen_find(&l->screen);
    else
        screen_lose(&l->screen, l->screen.status ? "It has ended, and these are its last figures." : why);
}

static void ask(struct live *l, json_t *request, uint64_t now)
{
    if (!request)
        return;
    if (l->link.asked == 0)
        l->asked_ns = now;
    if (link_ask(&l->link, request) != 0)
        l->next_ns = now; /* it has ended; or runs anew */
}

/* What is due each interval. */
static void look(struct live *l, uint64_t now)
{
    struct screen *s = &l->screen;
    l->next_ns = now + l->interval_ns;
    if (s->view == VIEW_ROLL)
        screen_take_roll(s, roll_call(ROLL_PATIENCE_MS));
    if (!s->name[0])
        return;
    if (l->link.fd < 0 || s->reopen)
        reach(l);
    if (l->link.fd >= 0 && l->link.asked == 0)
        ask(l, screen_request(s), now);
    else if (l->link.fd >= 0 && now - l->asked_ns > PATIENCE_MS * NS_PER_MS)
        screen_lose(s, "It does not answer.");
}

static void hear(struct live *l, uint64_t now)
{
    json_t *answer = NULL;
    while (l->link.fd >= 0 && link_take(&l->link, &answer) == 0 && answer) {
        int is_command = !json_object_get(answer, "stages");
        screen_find(&l->screen);
        screen_take(&l->screen, answer);
        l->asked_ns = now;
        if (is_command)
            l->next_ns = now; /* what it has done is seen at once */
    }
}

static void obey_keys(struct live *l, uint64_t now)
{
    for (int key; !l->screen.quit && (key = terminal_key(l->terminal)) != PRESS_NONE;) {
        enum view before = l->screen.view;
        ask(l, screen_press(&l->screen, key), now);
        if (l->screen.view != before || l->screen.reopen)
            l->next_ns = now; /* another view needs other figures */
    }
}

static void draw(struct live *l)
{
    struct canvas c;
    canvas_init(&c, terminal_width(l->terminal), terminal_height(l->terminal), terminal_glyphs(l->terminal));
    screen_draw(&l->screen, &c);
    terminal_show(l->terminal, &c);
    canvas_free(&c);
}

/* Until there is a key, an answer, or a look is due. -1: the terminal is gone. */
static int wait_for_news(const struct live *l, uint64_t now)
{
    struct pollfd fds[] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = l->link.fd, .events = POLLIN}};
    int ms = l->next_ns > now ? (int)((l->next_ns - now) / NS_PER_MS) + 1 : 0;
    if (poll(fds, 2, ms) < 0)
        return errno == EINTR ? 0 : -1; /* a new size of the window, for one */
    return fds[0].revents & (POLLHUP | POLLERR | POLLNVAL) ? -1 : 0;
}

int live_run(const char *name, int interval_ms)
{
    struct live l = {.link = {.fd = -1}, .interval_ns = (uint64_t)interval_ms * NS_PER_MS};
    l.terminal = terminal_open();
    if (!l.terminal)
        return -ENOTTY;
    screen_init(&l.screen, name);
    while (!l.screen.quit) {
        uint64_t now = clock_monotonic();
        if (now >= l.next_ns)
            look(&l, now);
        hear(&l, now);
        draw(&l);
        if (wait_for_news(&l, clock_monotonic()) != 0)
            break;
        obey_keys(&l, clock_monotonic());
    }
    link_close(&l.link);
    screen_clear(&l.screen);
    terminal_close(&l.terminal);
    return 0;
}
