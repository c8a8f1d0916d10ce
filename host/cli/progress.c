#include "progress.h"

#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "quantity.h"

enum {
    BAR_LEAST = 10, /* cells of the bar, without its brackets */
    BAR_MOST = 40,
    GAP = 2 /* between the parts of a line */
};

/* The parts of a line, as they stand in it; each is "" if there is nothing to say. */
enum part { PART_BAR, PART_PERCENT, PART_FRAMES, PART_RATE, PART_LEFT, PART_DEAD, PARTS };

/* Which of them are taken first when there is little room. */
static const enum part by_weight[] = {PART_PERCENT, PART_DEAD, PART_RATE, PART_LEFT, PART_FRAMES};

struct parts {
    char text[PARTS][64];
    double share; /* of the work that is done, 0 to 1; below 0: unknown */
};

void progress_init(struct progress *p, const struct pipeline *pipeline)
{
    *p = (struct progress){.pipeline = pipeline};
}

static uint64_t frames_taken(const struct progress *p, const struct snapshot *now)
{
    uint64_t frames = 0;
    for (uint32_t i = 0; i < now->n_stages; i++)
        frames += p->pipeline->stages[i].is_sink ? now->stages[i].out : 0;
    return frames;
}

void progress_note(struct progress *p, const struct snapshot *now)
{
    memmove(p->samples + 1, p->samples, (PROGRESS_SAMPLES - 1) * sizeof p->samples[0]);
    p->samples[0] = (struct progress_sample){now->elapsed_ns, frames_taken(p, now)};
    p->n_samples += p->n_samples < PROGRESS_SAMPLES;
}

/* Frames a second since the newest sample that is at least a second old. Below 0: nothing to tell yet. */
static double recent_rate(const struct progress *p)
{
    const struct progress_sample *newest = &p->samples[0], *old = NULL;
    for (uint32_t i = 1; i < p->n_samples; i++) {
        old = &p->samples[i];
        if (newest->elapsed_ns - old->elapsed_ns >= NS_PER_S)
            break;
    }
    if (!old || newest->elapsed_ns <= old->elapsed_ns || newest->frames < old->frames)
        return -1;
    return (double)(newest->frames - old->frames) * (double)NS_PER_S / (double)(newest->elapsed_ns - old->elapsed_ns);
}

/* The mean over all sources. Below 0: one of them does not know how much there is. */
static double share_done(const struct progress *p, const struct snapshot *now)
{
    double sum = 0;
    uint32_t sources = 0;
    for (uint32_t i = 0; i < now->n_stages; i++) {
        const struct stage_snapshot *s = &now->stages[i];
        if (!p->pipeline->stages[i].is_source)
            continue;
        if (s->total == 0)
            return -1;
        sum += s->done < s->total ? (double)s->done / (double)s->total : 1;
        sources++;
    }
    return sources ? sum / sources : -1;
}

/* At the mean pace so far. */
static void tell_time(struct parts *parts, const struct snapshot *now)
{
    char *text = parts->text[PART_LEFT];
    size_t size = sizeof parts->text[0];
    double elapsed = (double)now->elapsed_ns;
    if (parts->share < 0) {
        snprintf(text, size, "%s", quantity_clock(now->elapsed_ns).text);
    } else if (parts->share > 0 && now->elapsed_ns >= NS_PER_S) {
        double left = elapsed * (1 - parts->share) / parts->share;
        if (left < 1e18) /* thirty years: not worth telling, and beyond 64 bits soon */
            snprintf(text, size, "%s left", quantity_clock((uint64_t)left).text);
    }
}

static void tell_dead(struct parts *parts, const struct snapshot *now)
{
    uint64_t dead = 0;
    for (uint32_t i = 0; i < now->n_stages; i++)
        dead += now->stages[i].dead;
    if (dead)
        snprintf(parts->text[PART_DEAD], sizeof parts->text[0], "%s dead letter%s", quantity_exact(dead).text,
                 dead == 1 ? "" : "s");
}

static void tell_all(const struct progress *p, const struct snapshot *now, struct parts *parts)
{
    double rate = recent_rate(p);
    uint64_t frames = frames_taken(p, now);
    memset(parts, 0, sizeof *parts);
    parts->share = share_done(p, now);
    if (parts->share >= 0)
        snprintf(parts->text[PART_PERCENT], sizeof parts->text[0], "%u %%", (unsigned)(parts->share * 100));
    snprintf(parts->text[PART_FRAMES], sizeof parts->text[0], "%s frame%s", quantity_exact(frames).text,
             frames == 1 ? "" : "s");
    if (rate >= 0)
        snprintf(parts->text[PART_RATE], sizeof parts->text[0], "%s/s", quantity_short(rate).text);
    tell_time(parts, now);
    tell_dead(parts, now);
}

/* Empties the parts that do not fit. Returns the columns that the rest takes. */
static size_t choose(struct parts *parts, size_t width)
{
    size_t used = 0;
    for (size_t i = 0; i < sizeof by_weight / sizeof by_weight[0]; i++) {
        char *text = parts->text[by_weight[i]];
        size_t needed = strlen(text) + (used ? GAP : 0);
        if (used + needed <= width)
            used += *text ? needed : 0;
        else
            *text = '\0';
    }
    return used;
}

static void draw_bar(struct parts *parts, size_t room)
{
    char *bar = parts->text[PART_BAR];
    size_t cells = room < BAR_MOST + 2 ? room - 2 : BAR_MOST;
    size_t full = (size_t)(parts->share * (double)cells);
    bar[0] = '[';
    memset(bar + 1, '#', full);
    memset(bar + 1 + full, '-', cells - full);
    bar[cells + 1] = ']';
    bar[cells + 2] = '\0';
}

void progress_line(const struct progress *p, const struct snapshot *now, enum progress_style style, size_t width,
                   char line[PROGRESS_LINE_MAX])
{
    struct parts parts;
    const char *gap = style == PROGRESS_BAR ? "  " : ", ";
    size_t most = width < PROGRESS_LINE_MAX ? width : PROGRESS_LINE_MAX - 1;
    tell_all(p, now, &parts);
    size_t used = choose(&parts, most);
    if (style == PROGRESS_BAR && parts.share >= 0 && most >= used + GAP + BAR_LEAST + 2)
        draw_bar(&parts, most - used - GAP);
    line[0] = '\0';
    for (size_t i = 0, at = 0; i < PARTS; i++)
        if (*parts.text[i])
            at += (size_t)snprintf(line + at, PROGRESS_LINE_MAX - at, "%s%s", at ? gap : "", parts.text[i]);
}
