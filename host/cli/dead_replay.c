#include "dead_replay.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "control.h"
#include "description.h"
#include "display.h"
#include "feed.h"
#include "letter.h"
#include "payload_text.h"
#include "replay.h"
#include "summary.h"

/* The letters that go to one input port of a stage, and the source that is made of them. */
struct batch {
    uint32_t stage, port;
    const char **names; /* into the list of letters */
    size_t n;
    char *file;              /* with the names */
    struct pipeline *source; /* files.letters, and a sink that is not used */
    char name[80];           /* of its stage */
};

struct resend {
    const struct replay_wishes *wishes;
    const struct pipeline *whole;
    struct replay journal;
    struct letter_list letters;
    struct batch batches[PIPELINE_STAGES_MAX];
    uint32_t n_batches;
    size_t n_sent, n_left; /* letters that are sent; that stay, whatever comes */
    FILE *err;
};

__attribute__((format(printf, 2, 3))) static int fail(const struct resend *p, const char *format, ...)
{
    va_list args;
    fprintf(p->err, "micropipe dead replay: ");
    va_start(args, format);
    vfprintf(p->err, format, args);
    va_end(args);
    fputc('\n', p->err);
    return EXIT_SYSTEM;
}

static int too_many(const struct resend *p)
{
    return fail(p, "with a source for each stage that refused frames there are too many stages: use --from");
}

static int no_memory(const struct resend *p)
{
    return fail(p, "there is no memory; all letters stay");
}

/* ---- which letters go where ---- */

/* 0; -E2BIG: there would be more batches than stages can be; -ENOMEM. */
static int add_to_batch(struct resend *p, uint32_t stage, uint32_t port, const char *name)
{
    struct batch *b = p->batches, *end = b + p->n_batches;
    while (b < end && (b->stage != stage || b->port != port))
        b++;
    if (b == p->batches + PIPELINE_STAGES_MAX)
        return -E2BIG;
    if (b == end) {
        *b = (struct batch){.stage = stage, .port = port, .names = calloc(p->letters.n, sizeof *b->names)};
        if (!b->names)
            return -ENOMEM;
        p->n_batches++;
    }
    b->names[b->n++] = name;
    return 0;
}

/* Where a letter is to be sent; or why it cannot be, else NULL. */
static const char *place_of(const struct resend *p, const struct letter *l, uint32_t *stage, uint32_t *port)
{
    if (l->problem)
        return l->problem;
    int i = pipeline_stage(p->whole, l->stage);
    if (!l->has_frame || (i >= 0 && p->whole->stages[i].is_source))
        return "it has no frame, as a source refused the record: run the pipeline on that input again";
    if (i < 0)
        return "the pipeline has no stage of that name";
    int input = *l->port ? description_input(p->whole->stages[i].description, l->port) : 0;
    if (input < 0)
        return "its stage has no input port of that name";
    *stage = (uint32_t)i;
    *port = (uint32_t)input;
    return NULL;
}

/* Both may be words of whoever wrote the file. */
static void say_stays(const struct resend *p, const char *name, const char *why)
{
    fputs("micropipe dead replay: ", p->err);
    harmless_print(p->err, name);
    fputs(" stays: ", p->err);
    harmless_print(p->err, why);
    fputc('\n', p->err);
}

/* 0, -E2BIG or -ENOMEM. */
static int sort_letters(struct resend *p)
{
    int error = 0;
    for (size_t i = 0; i < p->letters.n && !error; i++) {
        const struct letter *l = &p->letters.letters[i];
        uint32_t stage, port;
        const char *why = place_of(p, l, &stage, &port);
        if (why && p->n_left++ < 10)
            say_stays(p, l->name, why);
        error = why ? 0 : add_to_batch(p, stage, port, l->name);
        p->n_sent += !why;
    }
    if (p->n_left > 10)
        fail(p, "%zu more stay", p->n_left - 10);
    return error;
}

/* ---- sinks ---- */

static int is_told(const struct replay_wishes *w, const char *stage)
{
    size_t length = strlen(stage);
    for (size_t i = 0; i < w->n_set; i++) {
        const char *s = w->set[i];
        if (strncmp(s, "stages.", 7) == 0 && strncmp(s + 7, stage, length) == 0 && s[7 + length] == '.' &&
            (strncmp(s + 8 + length, "options.", 8) == 0 || strncmp(s + 8 + length, "processor", 9) == 0))
            return 1;
    }
    return 0;
}

/* Sinks like wds.write replace what an earlier run wrote, and what it wrote is most of the data. */
static int check_sinks(const struct resend *p, const struct pipeline *fed)
{
    if (p->wishes->same_output)
        return EXIT_OK;
    for (uint32_t i = 0; i < fed->n_stages; i++) {
        const struct stage *s = &fed->stages[i];
        uint32_t n_set = 0;
        for (uint32_t o = 0; o < s->description->n_options; o++)
            n_set += (uint32_t)(s->options[o].is_set != 0);
        if (!s->is_sink || n_set == 0 || is_told(p->wishes, s->name))
            continue;
        fail(p,
             "the sink '%s' (%s) would write where the first run wrote, and may replace what is there: say where it is "
             "to write, with --set stages.%s.options.NAME=VALUE, or that it may, with --same-output",
             s->name, s->processor, s->name);
        return EXIT_USAGE;
    }
    return EXIT_OK;
}

/* ---- the pipeline ---- */

static int is_taken(const struct resend *p, const char *name)
{
    int taken = pipeline_stage(p->whole, name) >= 0;
    for (uint32_t i = 0; i < p->n_batches; i++)
        taken |= strcmp(p->batches[i].name, name) == 0;
    return taken;
}

static void name_source(const struct resend *p, struct batch *b)
{
    char name[sizeof b->name];
    snprintf(name, sizeof name, "letters-%.40s", p->whole->stages[b->stage].name);
    for (unsigned i = 2; is_taken(p, name); i++)
        snprintf(name, sizeof name, "letters-%.40s-%u", p->whole->stages[b->stage].name, i);
    memcpy(b->name, name, sizeof name);
}

/* A word of a one-line pipeline: with a backslash before each byte, whatever it is. */
static void print_quoted(const char *text, FILE *to)
{
    for (; *text; text++) {
        fputc('\\', to);
        fputc(*text, to);
    }
}

/* What files.letters is told, as a one-line pipeline; to free(), NULL: no memory. */
static char *source_line(const struct resend *p, const struct batch *b)
{
    char *line = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&line, &size);
    if (!to)
        return NULL;
    fprintf(to, "files.letters :name=%s :on_error=stop path=", b->name);
    print_quoted(p->wishes->folder, to);
    fputs(" names=", to);
    print_quoted(b->file, to);
    fputs(" | core.null", to);
    if (fclose(to) == 0)
        return line;
    free(line);
    return NULL;
}

/* files.letters as a stage, checked like any other. */
static int make_source(const struct resend *p, const struct configuration *c, struct batch *b)
{
    struct complaints complaints = {0};
    AUTO_FREE char *line = source_line(p, b);
    if (!line)
        return no_memory(p);
    int error = pipeline_parse_line(c->catalogue, line, NULL, 0, &b->source, &complaints);
    complaints_print(&complaints, p->err);
    complaints_clear(&complaints);
    return error ? fail(p, "the letters of '%s' cannot be sent; all stay", p->whole->stages[b->stage].name) : EXIT_OK;
}

static int make_sources(struct resend *p, const struct configuration *c)
{
    for (uint32_t i = 0; i < p->n_batches; i++) {
        struct batch *b = &p->batches[i];
        char file[32];
        snprintf(file, sizeof file, "names-%" PRIu32, i);
        int error = replay_write_names(&p->journal, file, b->names, b->n, &b->file);
        if (error)
            return fail(p, "%s: %s", p->journal.work, strerror(-error));
        name_source(p, b);
        if (make_source(p, c, b))
            return EXIT_SYSTEM;
    }
    return EXIT_OK;
}

/* The part of the pipeline that the letters go through. It refuses what it cannot do into the replay's own folder. */
static int make_pipeline(struct resend *p, struct pipeline **out, char *name, size_t name_size)
{
    struct feed feeds[PIPELINE_STAGES_MAX];
    for (uint32_t i = 0; i < p->n_batches; i++)
        feeds[i] = (struct feed){&p->batches[i].source->stages[0], p->batches[i].stage, p->batches[i].port};
    if (pipeline_feed(p->whole, feeds, p->n_batches, out))
        return too_many(p);
    snprintf(name, name_size, "%.50s-replay", p->whole->name);
    (*out)->name = name;
    (*out)->dead_letters = p->journal.work;
    for (uint32_t i = 0; i < p->n_batches; i++) {
        int stage = pipeline_stage(*out, p->whole->stages[p->batches[i].stage].name);
        if ((*out)->stages[stage].on_error == ON_ERROR_DROP)
            (*out)->stages[stage].on_error = ON_ERROR_DEAD_LETTER; /* what fails again stays */
    }
    return EXIT_OK;
}

/* ---- the run ---- */

static void run(const struct resend *p, const struct pipeline *fed, struct summary *s)
{
    struct log log;
    struct display display;
    int quiet = p->wishes->quiet;
    log_init(&log, STDERR_FILENO, quiet ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO, "micropipe");
    display_init(&display, STDERR_FILENO, quiet ? DISPLAY_NONE : display_kind_for(STDERR_FILENO), fed);
    struct supervisor_hooks hooks = display_hooks(&display);
    struct control *control = control_open(fed->name, &log);
    if (control)
        hooks.watches[hooks.n_watches++] = (struct supervisor_watch){control_fd(control), control_ready, control};
    s->pipeline = fed;
    s->outcome = supervisor_run(fed, &log, &hooks, &s->last, s->reason, sizeof s->reason);
    control_close(control);
    display_end(&display);
    struct pipeline told = *fed; /* where what was refused will be, once the run is taken */
    told.dead_letters = p->wishes->folder;
    s->pipeline = &told;
    if (!quiet)
        summary_print(s, display_columns(STDERR_FILENO), p->err);
    s->pipeline = fed;
}

/* A run that ended well has handed on, or refused again, all that its sources sent: of each batch the first letters. */
static int take(struct resend *p, const struct summary *s)
{
    size_t n = 0;
    AUTO_FREE const char **names = calloc(p->n_sent, sizeof *names);
    if (!names)
        return no_memory(p);
    for (uint32_t i = 0; i < p->n_batches; i++)
        for (size_t k = 0; k < p->batches[i].n && k < s->last.stages[i].out; k++)
            names[n++] = p->batches[i].names[k];
    int error = replay_take(&p->journal, names, n);
    if (error)
        return fail(p, "%s: %s; see micropipe dead list", p->wishes->folder, strerror(-error));
    uint64_t dead = summary_dead(s);
    if (!p->wishes->quiet || dead)
        fprintf(p->err,
                "micropipe dead replay: %zu letter%s sent; %" PRIu64
                " refused again, which are in %s now; %zu not sent\n",
                n, n == 1 ? "" : "s", dead, p->wishes->folder, p->letters.n - n);
    return (int)s->outcome;
}

static int run_and_take(struct resend *p, const struct configuration *c)
{
    struct summary s = {0};
    struct pipeline *fed = NULL;
    char name[64];
    int error = replay_begin(&p->journal);
    if (error)
        return fail(p, "%s: %s", p->journal.work, strerror(-error));
    int result = make_sources(p, c);
    if (!result)
        result = make_pipeline(p, &fed, name, sizeof name);
    if (!result)
        result = check_sinks(p, fed);
    if (!result) {
        run(p, fed, &s);
        if (s.outcome == OUTCOME_DONE || s.outcome == OUTCOME_DEAD_LETTERS)
            result = take(p, &s);
        else
            result = (fail(p, "%s; all letters stay, and those that were sent may be sent again",
                           s.reason[0] ? s.reason : "it failed"),
                      (int)s.outcome);
    }
    pipeline_destroy(&fed);
    return result;
}

static int send_letters(struct resend *p, const struct configuration *c)
{
    int error = sort_letters(p);
    if (error)
        return error == -E2BIG ? too_many(p) : no_memory(p);
    if (p->n_sent > 0)
        return run_and_take(p, c);
    fail(p, "there is nothing to send in %s", p->wishes->folder);
    return EXIT_OK;
}

static int open_letters(struct resend *p)
{
    const char *folder = p->wishes->folder;
    int error = replay_open(&p->journal, folder);
    if (error == -EWOULDBLOCK)
        return fail(p, "%s: another replay of these letters goes on", folder);
    if (!error)
        error = letters_list(p->journal.folder, p->wishes->stage, &p->letters);
    return error ? fail(p, "%s: %s", folder, strerror(-error)) : EXIT_OK;
}

int dead_replay(const struct replay_wishes *w, const struct configuration *c, FILE *err)
{
    struct resend p = {.wishes = w, .whole = c->pipeline, .err = err, .journal = {.folder = -1}};
    if (w->stage && pipeline_stage(p.whole, w->stage) < 0) {
        fail(&p, "the pipeline has no stage '%s'", w->stage);
        return EXIT_USAGE;
    }
    int result = open_letters(&p);
    if (!result)
        result = send_letters(&p, c);
    for (uint32_t i = 0; i < p.n_batches; i++) {
        pipeline_destroy(&p.batches[i].source);
        free(p.batches[i].names);
        free(p.batches[i].file);
    }
    replay_close(&p.journal);
    letters_clear(&p.letters);
    return result;
}
