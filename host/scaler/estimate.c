#include "estimate.h"

#include <math.h>

static const double KEEP_S = 8;        /* frames are forgotten with this time constant, */
static const double KEEP_FRAMES = 200; /* as long as so many remain, and so many a worker */
static const double KEEP_A_WORKER = 4;
static const double WINDOW_FRAMES = 24;
static const double WINDOW_A_WORKER =
    2; /* while one frame takes long, few others end: a short window sees only long ones */
static const double FEW_FRAMES = 24;
static const double LOAD_S = 2;     /* time constant of rates and shares */
static const double BLOCKED = 0.05; /* share of the work: with more, a frame's turn waits for readers */

static const double NS = 1e-9;

/* Counters come out of shared memory: one that went back counts as no change. */
static double increase(uint64_t from, uint64_t to)
{
    return to > from ? (double)(to - from) : 0;
}

struct work work_between(const struct stage_observation *from, const struct stage_observation *to)
{
    double busy = increase(from->busy_ns, to->busy_ns), delay = increase(from->run_delay_ns, to->run_delay_ns);
    double in_hand = (double)to->in_hand_ns - (double)from->in_hand_ns;
    double in_hand_cpu = (double)to->in_hand_cpu_ns - (double)from->in_hand_cpu_ns;
    return (struct work){.frames = increase(from->done, to->done),
                         .own_s = (busy - delay + in_hand) * NS,
                         .cpu_s = (increase(from->cpu_ns, to->cpu_ns) + in_hand_cpu) * NS,
                         .delay_s = delay * NS,
                         .turn_s = increase(from->wait_turn_ns, to->wait_turn_ns) * NS,
                         .blocked_s = increase(from->wait_output_ns, to->wait_output_ns) * NS};
}

static void work_add(struct work *sum, const struct work *more, double keep)
{
    sum->frames = sum->frames * keep + more->frames;
    sum->own_s = sum->own_s * keep + more->own_s;
    sum->cpu_s = sum->cpu_s * keep + more->cpu_s;
    sum->delay_s = sum->delay_s * keep + more->delay_s;
    sum->elapsed_s = sum->elapsed_s * keep + more->elapsed_s;
}

static double service(const struct work *w)
{
    return w->frames > 0 ? fmax(0, fmax(w->own_s, w->cpu_s)) / w->frames : 0;
}

/* What share of `had` to keep if `more` comes in after dt_s. */
static double kept_share(double had, double more, double least, double dt_s)
{
    double keep = exp(-dt_s / KEEP_S);
    if (had <= 0 || had * keep + more >= least)
        return keep;
    return fmin(1, fmax(keep, (least - more) / had));
}

/* 1 dearer, -1 cheaper, 0 no different: three standard errors of frames whose costs vary as much as their mean. */
static int compare(const struct work *window, const struct work *kept)
{
    double is = service(window), was = service(kept), margin = 1.15 + 3 / sqrt(window->frames);
    if (was <= 0 || is <= 0)
        return 0;
    return is > was * margin ? 1 : is * margin < was ? -1 : 0;
}

/* Closes the window when it is full, and drops what was kept before a jump. */
static void watch_for_jump(struct estimate *e, double workers)
{
    e->has_jumped = 0;
    if (e->window.frames < fmax(WINDOW_FRAMES, WINDOW_A_WORKER * workers))
        return;
    int way = compare(&e->window, &e->kept);
    e->jumps = way == 0 ? 0 : (e->jumps * way > 0 ? e->jumps : 0) + way;
    if (e->jumps >= 2 || e->jumps <= -2) {
        e->kept = e->before;
        work_add(&e->kept, &e->window, 1);
        e->jumps = 0;
        e->has_jumped = way;
    }
    e->before = e->window;
    e->window = (struct work){0};
}

static void take_load(struct estimate *e, const struct stage_observation *now, double frames, double dt_s)
{
    double workers_s = fmax(1, now->live) * dt_s, keep = exp(-dt_s / LOAD_S);
    double starved = fmin(1, increase(e->last.wait_input_ns, now->wait_input_ns) * NS / workers_s);
    double blocked = fmin(1, increase(e->last.wait_output_ns, now->wait_output_ns) * NS / workers_s);
    double turning = fmin(1, increase(e->last.wait_turn_ns, now->wait_turn_ns) * NS / workers_s);
    double occupied = fmax(0, 1 - starved - blocked - turning);
    double had = e->seen_s * keep, has = had + dt_s;
    e->starved = (e->starved * had + starved * dt_s) / has;
    e->occupied = (e->occupied * had + occupied * dt_s) / has;
    e->turning = (e->turning * had + turning * dt_s) / has;
    e->rate = (e->rate * had + frames) / has;
    e->seen_s = has;
}

/* A frame of an ordered stage keeps its worker until it is its turn: so many times as long as it takes itself, as it
 * waits for frames like it. How long that is says nothing while the workers before it wait for readers, or all for a
 * core; and their waits for a core are no turns: more workers, which turns ask for, would make more of them. */
static void take_turns(struct estimate *e, const struct work *more, int is_full, double keep)
{
    if (is_full || more->blocked_s > BLOCKED * (more->own_s + more->delay_s))
        return;
    e->turn_s = e->turn_s * keep + more->turn_s;
    work_add(&e->turn_of, more, keep);
    if (e->turn_of.frames >= FEW_FRAMES && service(&e->turn_of) > 0)
        e->turn_times = e->turn_s / (e->turn_of.frames * service(&e->turn_of));
}

/* Before the first frame is finished it takes as long as those in hand already do. */
static void take_costs(struct estimate *e, const struct stage_observation *now)
{
    double frames = e->kept.frames;
    if (frames < 1) {
        double workers = fmax(1, now->live);
        e->cpu_s = (double)now->in_hand_cpu_ns * NS / workers;
        e->wait_s = fmax(0, (double)now->in_hand_ns * NS / workers - e->cpu_s);
        return;
    }
    e->cpu_s = fmax(0, e->kept.cpu_s) / frames;
    e->wait_s = service(&e->kept) - e->cpu_s;
}

void estimate_update(struct estimate *e, const struct stage_observation *now, double feeders_done, int is_full,
                     double dt_s)
{
    struct work more = work_between(&e->last, now);
    more.elapsed_s = dt_s;
    double workers = now->live, least = fmax(KEEP_FRAMES, KEEP_A_WORKER * workers);
    double keep = kept_share(e->kept.frames, more.frames, least, dt_s);
    work_add(&e->kept, &more, keep);
    work_add(&e->window, &more, 1);
    watch_for_jump(e, workers);
    take_turns(e, &more, is_full, keep);
    take_costs(e, now);
    e->waits_turn_s = e->turn_times * estimate_service(e);
    keep = kept_share(e->sent_by_feeders, feeders_done, KEEP_FRAMES, dt_s);
    e->arrived = e->arrived * keep + increase(e->last.arrived, now->arrived);
    e->sent_by_feeders = e->sent_by_feeders * keep + feeders_done;
    e->ratio = e->sent_by_feeders > 0 ? e->arrived / e->sent_by_feeders : 0;
    take_load(e, now, more.frames, dt_s);
    e->last = *now;
}

void estimate_restart(struct estimate *e, const struct stage_observation *mark, double elapsed_s)
{
    e->kept = work_between(mark, &e->last);
    e->kept.elapsed_s = elapsed_s;
    e->window = e->before = (struct work){0};
    e->jumps = 0;
    take_costs(e, &e->last);
}

double estimate_service(const struct estimate *e)
{
    return e->cpu_s + e->wait_s;
}
