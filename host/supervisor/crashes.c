#include "crashes.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "attributes.h"
#include "autopsy.h"
#include "clock.h"
#include "crash.h"
#include "dead_letter.h"
#include "evidence.h"
#include "run.h"

enum {
    PLACES_MAX = 64,
    LETTERS_MAX = 4096,
    LETTERS_AT_ONCE = 16,
    DESCRIPTION_MAX = 128,
    FRAME_TEXT_MAX = 320,
    AUTOPSIES_MAX = 3
};

#define AUTOPSY_MAX (10 * NS_PER_S)
#define FINISH_MAX (30 * NS_PER_S)
#define LETTER_LOOK (20 * NS_PER_MS)

enum place_state { PLACE_WAITING, PLACE_EXAMINED, PLACE_KNOWN };

/* Where workers of a stage die. */
struct place {
    uint32_t stage, worker; /* worker: the first to die there */
    uint64_t address;
    int signal;
    uint64_t count, told;
    enum place_state state;
    uint32_t autopsies;          /* that others have killed before they found anything */
    struct crash_area *evidence; /* of the first; NULL once it is told */
    struct report *report;       /* NULL: nothing was found out */
};

/* A dead letter that is still to be written, or was, by a successor of the dead worker. */
struct letter {
    uint32_t stage, worker, attempt;
    int32_t place; /* -1: none was noted */
    uint64_t position;
    uint64_t transactions; /* of the slot at the death: once there are more, the letter is not written again */
    uint64_t address;
    int signal;
    char description[DESCRIPTION_MAX];
};

struct crashes {
    struct place places[PLACES_MAX];
    int32_t n_places;
    struct letter letters[LETTERS_MAX];
    uint32_t n_letters;
    struct autopsy autopsy;
    int32_t examined; /* the place that it is of */
    uint64_t until;   /* when its time is over */
};

struct crashes *crashes_create(void)
{
    struct crashes *c = calloc(1, sizeof *c);
    if (c)
        c->autopsy.fd = -1;
    return c;
}

void crashes_destroy(struct crashes **crashes)
{
    struct crashes *c = *crashes;
    *crashes = NULL;
    for (int32_t i = 0; c && i < c->n_places; i++) {
        free(c->places[i].evidence);
        free(c->places[i].report);
    }
    free(c);
}

pid_t crashes_examiner(const struct crashes *c)
{
    return c ? c->autopsy.pid : 0;
}

/* "frame 812, attempt 2, 1024 bytes, path=a.jpg". */
static void describe_frame(const struct crash_area *e, char *text, size_t size)
{
    struct attribute a;
    if (!(au32_relaxed(&e->parts) & CRASH_FRAME)) {
        snprintf(text, size, "no frame in hand");
        return;
    }
    int n = snprintf(text, size, "frame %" PRIu64 ", attempt %" PRIu32 ", %" PRIu64 " bytes", e->sequence, e->attempt,
                     e->size);
    for (uint32_t at = 0; (size_t)n < size && attributes_next(e->attributes, e->attributes_size, &at, &a);) {
        int is_text = a.size > 0 && !memchr(a.value, 0, a.size);
        if (is_text)
            n += snprintf(text + n, size - (size_t)n, ", %s=%.*s", a.name, (int)a.size, (const char *)a.value);
        else
            n += snprintf(text + n, size - (size_t)n, ", %s (%" PRIu32 " bytes)", a.name, a.size);
    }
}

/* What was found out of the first death at a place, a line a frame. Lines of a report may be alike, and are all
 * written: how many there are has a limit of its own. */
static void tell_report(const struct supervisor *s, struct place *p)
{
    const struct stage *stage = &s->pipeline->stages[p->stage];
    char text[REPORT_NAME_MAX + REPORT_FILE_MAX + REPORT_MODULE_MAX + 64];
    char frame[FRAME_TEXT_MAX];
    struct log log = *s->log;
    log.board = NULL;
    evidence_describe(p->evidence, text, sizeof text);
    describe_frame(p->evidence, frame, sizeof frame);
    log_about(&log, LOG_LEVEL_WARNING, stage->name, (int32_t)p->worker, "crash report: %s; %s %s; %s", text,
              stage->processor, stage->description->version, frame);
    for (uint32_t i = 0; p->report && i < p->report->n; i++) {
        uint32_t same = i > 0 ? report_alike(p->report, i) : 0; /* a recursion */
        report_frame_describe(&p->report->frames[i], text, sizeof text);
        if (same > 1)
            snprintf(text, sizeof text, "to #%" PRIu32 ": as #%" PRIu32, i + same - 1, i - 1);
        log_about(&log, LOG_LEVEL_WARNING, stage->name, (int32_t)p->worker, "  #%" PRIu32 " %s", i, text);
        i += same > 1 ? same - 1 : 0;
    }
    if (!p->report)
        log_about(&log, LOG_LEVEL_WARNING, stage->name, (int32_t)p->worker,
                  "  no backtrace could be made; it died at 0x%" PRIx64, p->evidence->pc);
    p->told = 1;
    free(p->evidence);
    p->evidence = NULL;
}

/* Deaths that were at a place which the log has already: their number. */
static void tell_count(const struct supervisor *s, struct place *p)
{
    char text[REPORT_NAME_MAX + REPORT_FILE_MAX + REPORT_MODULE_MAX + 64];
    const char *plugin = s->pipeline->stages[p->stage].description->file;
    const struct report_frame *f = p->report ? report_culprit(p->report, plugin) : NULL;
    if (f)
        report_frame_describe(f, text, sizeof text);
    else
        snprintf(text, sizeof text, "0x%" PRIx64, p->address);
    log_about(s->log, LOG_LEVEL_WARNING, s->pipeline->stages[p->stage].name, LOG_NOBODY,
              "crashed %" PRIu64 " times at the same place: %s", p->count, text);
    p->told = p->count;
}

static int is_due_to_be_told(uint64_t count)
{
    while (count >= 10 && count % 10 == 0)
        count /= 10;
    return count == 1;
}

/* Takes the evidence. The place's index; -1: there are too many. */
static int32_t note_place(struct supervisor *s, uint32_t stage, uint32_t worker, struct crash_area *e)
{
    struct crashes *c = s->crashes;
    uint64_t address = evidence_place(e, s->pipeline->stages[stage].description->file);
    for (int32_t i = 0; i < c->n_places; i++) {
        struct place *p = &c->places[i];
        if (p->stage != stage || p->address != address || p->signal != e->signal)
            continue;
        p->count++;
        if (p->told && is_due_to_be_told(p->count))
            tell_count(s, p);
        free(e);
        return i;
    }
    if (c->n_places == PLACES_MAX) {
        free(e);
        return -1;
    }
    c->places[c->n_places] = (struct place){
        .stage = stage, .worker = worker, .address = address, .signal = e->signal, .count = 1, .evidence = e};
    return c->n_places++;
}

static json_t *letter_json(const struct crashes *c, const struct letter *l)
{
    const struct report *report = l->place < 0 ? NULL : c->places[l->place].report;
    char signal[16], address[32];
    snprintf(signal, sizeof signal, "SIG%s", sigabbrev_np(l->signal)); /* a crash is of one that is known */
    snprintf(address, sizeof address, "0x%" PRIx64, l->address);
    return json_pack("{s:s,s:s,s:s,s:i,s:i,s:o}", "signal", signal, "description", l->description, "address", address,
                     "worker", (int)l->worker, "attempt", (int)l->attempt, "backtrace",
                     report ? report_json(report) : json_null());
}

static void complete(const struct supervisor *s, const struct letter *l)
{
    char name[LETTER_NAME_BYTES];
    json_t *crash = letter_json(s->crashes, l);
    dead_letter_name(&s->segment, l->stage, l->worker, l->position, name);
    int error = letter_file_amend(s->pipeline->dead_letters, name, "crash", crash);
    json_decref(crash);
    if (error && error != -ENOENT)
        log_write(s->log, LOG_LEVEL_WARNING, "cannot add a crash report to the dead letter '%s.json': %s", name,
                  strerror(-error));
}

/* What can be: some of those that are written and known, as the loop has other things to do. */
enum completion { COMPLETE_WHAT_CAN_BE, COMPLETE_ALL };

static void complete_letters(struct supervisor *s, enum completion completion)
{
    struct crashes *c = s->crashes;
    uint32_t left = 0, done = 0;
    for (uint32_t i = 0; i < c->n_letters; i++) {
        const struct letter *l = &c->letters[i];
        const struct slot *slot = segment_slot(&s->segment, l->stage, l->worker);
        int is_examined = l->place < 0 || c->places[l->place].state == PLACE_KNOWN;
        int is_final = au64_relaxed(&slot->transactions) != l->transactions;
        if (completion == COMPLETE_ALL || (is_examined && is_final && done < LETTERS_AT_ONCE)) {
            complete(s, l);
            done++;
        } else {
            c->letters[left++] = *l;
        }
    }
    c->n_letters = left;
}

/* If the frame in hand is refused now, its letter is to get the report. */
static void note_letter(struct supervisor *s, uint32_t stage, uint32_t worker, const struct letter *what)
{
    struct crashes *c = s->crashes;
    const struct slot *slot = segment_slot(&s->segment, stage, worker);
    const struct journal *j = &slot->journal;
    uint64_t position = au64_relaxed(&j->claim_start) + au32_relaxed(&j->cursor);
    if (!s->pipeline->dead_letters || s->pipeline->stages[stage].on_error != ON_ERROR_DEAD_LETTER ||
        au32_relaxed(&j->cursor) == CURSOR_NONE || j->verdict_position != position)
        return;
    if (c->n_letters == LETTERS_MAX)
        complete_letters(s, COMPLETE_ALL); /* some get no backtrace, or are written again without one */
    c->letters[c->n_letters] = *what;
    c->letters[c->n_letters].position = position;
    c->letters[c->n_letters++].transactions = au64_relaxed(&slot->transactions);
}

static int is_crash(int signal)
{
    const int *at = crash_signals;
    while (*at && *at != signal)
        at++;
    return *at != 0;
}

void crashes_note(struct supervisor *s, const struct crew *crew, uint32_t worker, int signal)
{
    struct crash_area *area = segment_crash(&s->segment, s->segment.stages[crew->stage].first_slot + worker);
    struct crash_area *e = NULL;
    if (is_crash(signal))
        e = evidence_take(area, crew->berths[worker].epoch, crew->server);
    if (!e)
        return;
    if (!is_crash(e->signal))
        e->signal = signal;
    madvise(area, CRASH_AREA_SIZE, MADV_REMOVE); /* gives the pages back */
    struct letter letter = {.stage = crew->stage,
                            .worker = worker,
                            .attempt = au32_relaxed(&e->parts) & CRASH_FRAME ? e->attempt : 0,
                            .address = e->address,
                            .signal = e->signal};
    evidence_describe(e, letter.description, sizeof letter.description);
    letter.place = note_place(s, crew->stage, worker, e);
    note_letter(s, crew->stage, worker, &letter);
}

enum patience { PATIENCE_LEFT, NO_PATIENCE_LEFT };

/* The kernel, out of memory, may kill an examiner rather than what takes the memory. */
static void end_autopsy(struct supervisor *s, enum patience patience)
{
    struct crashes *c = s->crashes;
    struct place *p = &c->places[c->examined];
    enum autopsy_end end;
    run_close(s, &c->autopsy.fd);
    p->report = autopsy_end(&c->autopsy, &end);
    if (!p->report && end == AUTOPSY_KILLED && patience == PATIENCE_LEFT && ++p->autopsies < AUTOPSIES_MAX) {
        p->state = PLACE_WAITING;
        return;
    }
    p->state = PLACE_KNOWN;
    tell_report(s, p);
}

void crashes_hear(struct supervisor *s)
{
    if (autopsy_hear(&s->crashes->autopsy))
        end_autopsy(s, PATIENCE_LEFT);
}

static void begin_autopsy(struct supervisor *s, uint64_t now_ns)
{
    struct crashes *c = s->crashes;
    for (int32_t i = 0; i < c->n_places && !c->autopsy.pid; i++) {
        struct place *p = &c->places[i];
        if (p->state != PLACE_WAITING)
            continue;
        p->state = PLACE_EXAMINED;
        c->examined = i;
        c->until = now_ns + AUTOPSY_MAX;
        if (autopsy_start(&c->autopsy, p->evidence, &s->segment) != 0) {
            p->state = PLACE_KNOWN;
            tell_report(s, p);
        } else if (run_watch(s, c->autopsy.fd, EVENT_OF_CRASH, 0) != 0) {
            c->until = now_ns; /* it is looked at when its time is over */
        }
    }
}

uint64_t crashes_tick(struct supervisor *s, uint64_t now_ns)
{
    struct crashes *c = s->crashes;
    if (c->autopsy.pid && now_ns >= c->until) {
        autopsy_hear(&c->autopsy);
        end_autopsy(s, NO_PATIENCE_LEFT);
    }
    if (!c->autopsy.pid)
        begin_autopsy(s, now_ns);
    if (c->n_letters)
        complete_letters(s, COMPLETE_WHAT_CAN_BE);
    uint64_t next = c->autopsy.pid ? c->until : UINT64_MAX;
    return c->n_letters && now_ns + LETTER_LOOK < next ? now_ns + LETTER_LOOK : next;
}

void crashes_finish(struct supervisor *s)
{
    struct crashes *c = s->crashes;
    uint64_t now = clock_monotonic();
    uint64_t until = now + FINISH_MAX;
    if (!c)
        return;
    for (; crashes_tick(s, now), c->autopsy.pid && now < until; now = clock_monotonic()) {
        struct pollfd fds[] = {{.fd = c->autopsy.fd, .events = POLLIN}, {.fd = s->signals, .events = POLLIN}};
        poll(fds, 2, (int)((until - now) / NS_PER_MS) + 1);
        if (fds[1].revents)
            until = now; /* whoever wants to stop does not want to wait */
        crashes_hear(s);
    }
    if (c->autopsy.pid) {
        autopsy_hear(&c->autopsy);
        end_autopsy(s, NO_PATIENCE_LEFT);
    }
    for (int32_t i = 0; i < c->n_places; i++) {
        if (c->places[i].evidence)
            tell_report(s, &c->places[i]);
        if (c->places[i].count > c->places[i].told)
            tell_count(s, &c->places[i]);
    }
    complete_letters(s, COMPLETE_ALL);
}
